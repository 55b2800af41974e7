package bifrost_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log"
	"net/http"
	"strings"
	"time"

	"bifrost"
	"bifrost/schemas"
)

// The README shows the body of this example; TestTheReadmesProgramIsAnExample
// compares them.
func ExampleInit() {
	ctx := context.Background()
	client, err := bifrost.Init(schemas.BifrostConfig{
		Account: schemas.StaticAccount{ // or an Account of your own
			"simulated": {},
			// "openai": {Keys: []schemas.Key{{Value: os.Getenv("OPENAI_API_KEY")}}},
		},
		InitialPoolSize:    500,
		DropExcessRequests: true,
	})
	if err != nil {
		log.Fatal(err)
	}
	defer client.Shutdown(ctx)

	answer, err := client.ChatCompletionRequest(ctx, &schemas.ChatRequest{
		Provider: "simulated", // or "openai"
		Model:    "sim-small", // or "gpt-4o-mini"
		Messages: []schemas.ChatMessage{schemas.UserMessage("Hello")},
	})
	var letter *schemas.DeadLetter
	switch {
	case errors.As(err, &letter): // the mailbox is full: come back later
		fmt.Println("refused:", letter.Reason, letter.RetryAfter)
	case err != nil:
		fmt.Println(err)
	default:
		fmt.Println(answer.Choices[0].Message.Role, "has answered:", answer.Choices[0].FinishReason)
	}
	// Output: assistant has answered: stop
}

// start runs one simulated provider with one worker and one place behind it.
func start(simulation schemas.SimulationConfig) *bifrost.Client {
	client, err := bifrost.Init(schemas.BifrostConfig{
		Account: schemas.StaticAccount{"simulated": {Config: schemas.ProviderConfig{
			ConcurrencyAndBufferSize: schemas.ConcurrencyAndBufferSize{Concurrency: 1, BufferSize: 1},
			Simulation:               &simulation,
		}}},
		DropExcessRequests: true,
	})
	if err != nil {
		log.Fatal(err)
	}
	return client
}

func hello() *schemas.ChatRequest {
	return &schemas.ChatRequest{
		Provider: "simulated",
		Model:    "sim-small",
		Messages: []schemas.ChatMessage{schemas.UserMessage("Hello")},
	}
}

// Three callers ask at once, and one of them finds no place.
func ExampleInit_dropExcessRequests() {
	client := start(schemas.SimulationConfig{Latency: time.Hour})
	defer client.Shutdown(context.Background())

	ctx, giveUp := context.WithCancel(context.Background())
	outcomes := make(chan error)
	for range 3 {
		go func() { // ends with its request
			_, err := client.ChatCompletionRequest(ctx, hello())
			outcomes <- err
		}()
	}

	var letter *schemas.DeadLetter
	if errors.As(<-outcomes, &letter) {
		fmt.Printf("%s: %d of %d places taken, %d in hand\n", letter.Reason, letter.Queued, letter.Capacity, letter.InHand)
	}
	giveUp()
	for range 2 {
		fmt.Println("canceled:", errors.Is(<-outcomes, schemas.ErrCanceled))
	}
	// Output:
	// queue_full: 1 of 1 places taken, 1 in hand
	// canceled: true
	// canceled: true
}

func ExampleClient_ChatCompletionStreamRequest() {
	client := start(schemas.SimulationConfig{OutputTokens: 40})
	defer client.Shutdown(context.Background())

	req := hello()
	req.IncludeUsage = true
	stream, err := client.ChatCompletionStreamRequest(context.Background(), req)
	if err != nil {
		fmt.Println(err)
		return
	}
	var text strings.Builder
	for chunk, err := range stream.All() { // leaving the loop closes the stream
		if err != nil {
			fmt.Println(err)
			return
		}
		text.WriteString(chunk.Text())
		if chunk.Usage != nil {
			fmt.Println(chunk.Usage.CompletionTokens, "tokens")
		}
	}
	fmt.Println("there is text:", text.Len() > 0)
	// Output:
	// 40 tokens
	// there is text: true
}

// A provider that has no Responses API of its own, as the simulated one, is asked for a
// chat.
func ExampleClient_ResponsesStreamRequest() {
	client := start(schemas.SimulationConfig{OutputTokens: 40})
	defer client.Shutdown(context.Background())

	stream, err := client.ResponsesStreamRequest(context.Background(), &schemas.ResponsesRequest{
		Provider: "simulated",
		Model:    "sim-small",
		Input:    schemas.ResponsesInput{Items: []schemas.ResponsesItem{schemas.MessageItem("user", "Hello")}},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	var text strings.Builder
	for event, err := range stream.All() { // leaving the loop closes the stream
		if err != nil {
			fmt.Println(err)
			return
		}
		text.WriteString(event.OutputText())
		if event.Ends() {
			fmt.Println(event.Response.Status, event.Response.Usage.OutputTokens, "tokens")
			fmt.Println("it is all there:", event.Response.OutputText() == text.String())
		}
	}
	// Output:
	// completed 40 tokens
	// it is all there: true
}

// Any HTTP client can go through a provider's actors; an official SDK is given the
// transport in the same way.
func ExampleClient_Transport() {
	client := start(schemas.SimulationConfig{})
	defer client.Shutdown(context.Background())

	through := &http.Client{Transport: client.Transport("simulated")}
	resp, err := through.Post("https://any.invalid/v1/chat/completions", "application/json",
		strings.NewReader(`{"model":"sim-small","messages":[{"role":"user","content":"Hello"}]}`))
	if err != nil {
		fmt.Println(err)
		return
	}
	defer resp.Body.Close() // which gives the worker back
	var answer schemas.ChatResponse
	err = json.NewDecoder(resp.Body).Decode(&answer)
	fmt.Println(resp.Status, answer.Object, err)
	// Output: 200 OK chat.completion <nil>
}

// An actor, or a future as here, asks by PID, and the answer is a message: a
// response, an error, or a dead letter.
func ExampleClient_ProviderPID() {
	client := start(schemas.SimulationConfig{OutputTokens: 10_000})
	defer client.Shutdown(context.Background())
	provider, _ := client.ProviderPID("simulated")

	ask := func() func() (any, error) {
		question := &schemas.Request{Operation: schemas.OperationChat, Chat: hello()}
		return client.ActorSystem().Root.RequestFuture(provider, question, time.Minute).Result
	}
	// A stream that nobody reads holds the only worker.
	stream, err := client.ChatCompletionStreamRequest(context.Background(), hello())
	if err != nil {
		fmt.Println(err)
		return
	}
	first, second := ask(), ask() // one place is there for the two

	print := func(answer any, err error) {
		switch m := answer.(type) {
		case *schemas.Response:
			fmt.Println("a response of", m.Provider)
		case *schemas.DeadLetter:
			fmt.Println("a dead letter:", m.Reason)
		default:
			fmt.Println(m, err)
		}
	}
	print(second())
	_ = stream.Close()
	print(first())
	// Output:
	// a dead letter: queue_full
	// a response of simulated
}
