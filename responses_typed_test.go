package bifrost_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"reflect"
	"slices"
	"strings"
	"testing"

	"bifrost"
	"bifrost/schemas"
)

// upstream is a server of OpenAI's API that answers by method and path, and keeps what
// it was asked.
type upstream struct {
	*httptest.Server
	asked chan string // method, path with query, and body
}

// upstreamOf starts a server. An answer that begins with "event:" or "data:" is a stream.
func upstreamOf(t *testing.T, answers map[string]string) *upstream {
	u := &upstream{asked: make(chan string, 100)}
	u.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		u.asked <- r.Method + " " + r.URL.RequestURI() + " " + string(body)
		answer, ok := answers[r.Method+" "+r.URL.Path]
		switch {
		case !ok:
			w.Header().Set("Content-Type", "application/json")
			w.WriteHeader(http.StatusNotFound)
			answer = `{"error":{"message":"there is no such thing","type":"invalid_request_error"}}`
		case strings.HasPrefix(answer, "event:"), strings.HasPrefix(answer, "data:"):
			w.Header().Set("Content-Type", "text/event-stream")
		default:
			w.Header().Set("Content-Type", "application/json")
		}
		_, _ = io.WriteString(w, answer)
	}))
	t.Cleanup(u.Close)
	return u
}

// at returns a provider of a type at a server, with one worker and one place.
func at(typ, url string) schemas.StaticProvider {
	return schemas.StaticProvider{Keys: []schemas.Key{{Value: "k"}}, Config: schemas.ProviderConfig{Type: typ,
		NetworkConfig:            schemas.NetworkConfig{BaseURL: url},
		ConcurrencyAndBufferSize: schemas.ConcurrencyAndBufferSize{Concurrency: 1, BufferSize: 1}}}
}

func clientOf(t *testing.T, account schemas.StaticAccount) *bifrost.Client {
	t.Helper()
	client, err := bifrost.Init(schemas.BifrostConfig{Account: account})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = client.Shutdown(context.Background()) })
	return client
}

const (
	aResponse = `{"id":"resp_1","object":"response","created_at":1,"status":"completed","model":"m-1","output":[` +
		`{"type":"message","id":"msg_1","role":"assistant","status":"completed","content":[{"type":"output_text","text":"hello","annotations":[]}]}],` +
		`"usage":{"input_tokens":1,"output_tokens":2,"total_tokens":3}}`
	aStream = "event: response.created\n" + `data: {"type":"response.created","sequence_number":0,"response":{"id":"resp_1","object":"response","status":"in_progress","output":[]}}` + "\n\n" +
		"event: response.output_item.added\n" + `data: {"type":"response.output_item.added","sequence_number":1,"output_index":0,"item":{"type":"message","id":"msg_1","role":"assistant","status":"in_progress","content":[]}}` + "\n\n" +
		"event: response.output_text.delta\n" + `data: {"type":"response.output_text.delta","sequence_number":2,"output_index":0,"content_index":0,"delta":"hello"}` + "\n\n"
	aStreamsEnd = "event: response.completed\n" + `data: {"type":"response.completed","sequence_number":3,"response":` + aResponse + "}\n\n"
)

func hi(provider string) *schemas.ResponsesRequest {
	return &schemas.ResponsesRequest{Provider: provider, Model: "m", Input: schemas.ResponsesInput{Text: "hi"}}
}

func TestATypedRequestOfTheResponsesAPIGoesThroughAsItIs(t *testing.T) {
	u := upstreamOf(t, map[string]string{"POST /v1/responses": aResponse})
	client := clientOf(t, schemas.StaticAccount{"p": at("openai", u.URL)})
	req := hi("")
	req.Model, req.Include = "p/m", []string{"reasoning.encrypted_content"}
	got, err := client.ResponsesRequest(t.Context(), req)
	if err != nil {
		t.Fatal(err)
	}
	if want := `POST /v1/responses {"model":"m","input":"hi","include":["reasoning.encrypted_content"]}`; <-u.asked != want {
		t.Errorf("asked otherwise than %s", want)
	}
	if got.OutputText() != "hello" || got.Usage.TotalTokens != 3 || got.Served.Provider != "p" || got.Served.Model != "m" || got.Served.Attempts != 1 {
		t.Errorf("got %+v", got)
	}
	if req.Model != "p/m" {
		t.Error("the request was changed")
	}
}

// readAll returns the events of a stream, and what it ended with; nil at its regular end.
func readAll(s *bifrost.ResponsesStream) (events []*schemas.ResponsesEvent, end error) {
	for e, err := range s.All() {
		if err != nil {
			return events, err
		}
		events = append(events, e)
	}
	return events, nil
}

func TestATypedStreamOfTheResponsesAPIAddsUpToItsAnswer(t *testing.T) {
	u := upstreamOf(t, map[string]string{"POST /v1/responses": aStream + aStreamsEnd})
	client := clientOf(t, schemas.StaticAccount{"p": at("openai", u.URL)})
	stream, err := client.ResponsesStreamRequest(t.Context(), hi("p"))
	if err != nil {
		t.Fatal(err)
	}
	if s := stream.Served(); s.Provider != "p" || s.Model != "m" {
		t.Errorf("served by %+v", s)
	}
	events, err := readAll(stream)
	if err != nil || len(events) != 4 || events[2].OutputText() != "hello" {
		t.Fatalf("%d events, %v", len(events), err)
	}
	if _, err := stream.Next(); err != io.EOF {
		t.Errorf("after the end: %v", err)
	}
	if want := `POST /v1/responses {"model":"m","input":"hi","stream":true}`; <-u.asked != want {
		t.Errorf("asked otherwise than %s", want)
	}
	var acc schemas.ResponsesAccumulator
	for _, e := range events {
		acc.Add(e)
	}
	if got := acc.Response(); got.OutputText() != "hello" || got.Usage.TotalTokens != 3 {
		t.Errorf("got %+v", got)
	}
}

// A provider that only has chat is asked by translation, and its stream is the answer
// that it gives in one piece.
func TestATypedResponseOfAProviderWithChatOnlyIsTranslated(t *testing.T) {
	client := clientOf(t, schemas.StaticAccount{"simulated": {Config: schemas.ProviderConfig{
		ConcurrencyAndBufferSize: schemas.ConcurrencyAndBufferSize{Concurrency: 1, BufferSize: 1}}}})
	yes := true
	req := &schemas.ResponsesRequest{Model: "sim-small", Store: &yes, Instructions: "Be brief.", Input: schemas.ResponsesInput{Items: []schemas.ResponsesItem{
		schemas.MessageItem("user", "What is the weather?"),
		{Type: schemas.ItemFunctionCall, CallID: "call_1", Name: "weather", Arguments: "{}"},
		schemas.FunctionOutputItem("call_1", "rain")}},
		Tools: []schemas.ResponsesTool{{Type: "function", Name: "weather"}}, ToolChoice: &schemas.ResponsesToolChoice{Mode: "none"}}
	whole, err := client.ResponsesRequest(t.Context(), req)
	if err != nil {
		t.Fatal(err)
	}
	if whole.OutputText() == "" || whole.Status != schemas.ResponseCompleted || whole.Usage == nil || whole.Served.Provider != "simulated" ||
		!slices.Equal(whole.Served.Dropped, []string{"store"}) || string(whole.Extra["instructions"]) != `"Be brief."` {
		t.Errorf("got %+v", whole)
	}
	stream, err := client.ResponsesStreamRequest(t.Context(), req)
	if err != nil {
		t.Fatal(err)
	}
	events, err := readAll(stream)
	if err != nil {
		t.Fatal(err)
	}
	last := events[len(events)-1]
	if !last.Ends() || last.Response.OutputText() == "" || !slices.Equal(stream.Served().Dropped, []string{"store"}) {
		t.Errorf("it ended with %s", last.Raw)
	}
	var acc schemas.ResponsesAccumulator
	for _, e := range events[:len(events)-1] {
		acc.Add(e)
	}
	if got := acc.Response(); !reflect.DeepEqual(got.Output, last.Response.Output) {
		t.Errorf("got %+v", got.Output)
	}
	req.PreviousResponseID = "resp_1"
	if _, err := client.ResponsesRequest(t.Context(), req); !errors.Is(err, schemas.ErrUnsupportedOperation) || !strings.Contains(err.Error(), "previous_response_id") {
		t.Errorf("what is stored nowhere: %v", err)
	}
}

func TestATypedResponseHasFallbacks(t *testing.T) {
	good := upstreamOf(t, map[string]string{"POST /v1/responses": aResponse})
	for name, answer := range map[string]string{"refused": "", "no response": `{"object":"chat.completion","choices":[]}`, "an error of status 200": `{"error":{"code":500}}`} {
		answers := map[string]string{}
		if answer != "" {
			answers["POST /v1/responses"] = answer
		}
		bad := upstreamOf(t, answers)
		client := clientOf(t, schemas.StaticAccount{"bad": at("openai", bad.URL), "good": at("openai", good.URL)})
		req := hi("bad")
		req.Fallbacks = []schemas.Fallback{{Model: "good/n"}}
		got, err := client.ResponsesRequest(t.Context(), req)
		if err != nil || got.Served.Provider != "good" || got.Served.Model != "n" || got.Served.Fallback != 1 {
			t.Errorf("%s: got %+v, %v", name, got, err)
		}
		if err := client.SetModels(map[string]schemas.Alias{"fast": {Targets: []schemas.AliasTarget{{Model: "bad/m"}}}}); err != nil {
			t.Fatal(err)
		}
		req.Provider, req.Model = "", "fast"
		if got, err := client.ResponsesRequest(t.Context(), req); err != nil || got.Served.Provider != "good" {
			t.Errorf("%s, by an alias: got %+v, %v", name, got, err)
		}
		if asked := <-good.asked; !strings.Contains(asked, `"model":"n"`) || strings.Contains(asked, "fallbacks") {
			t.Errorf("%s: asked %s", name, asked)
		}
	}
}

func TestATypedStreamThatBreaksIsAnError(t *testing.T) {
	for name, c := range map[string]struct {
		rest string
		n    int
		want error
	}{
		"cut off":  {"", 3, schemas.ErrUpstream},
		"an error": {"event: error\ndata: {\"type\":\"error\",\"code\":\"rate_limit_exceeded\",\"message\":\"slow down\"}\n\n", 3, schemas.ErrRateLimited},
		"failed": {"event: response.failed\ndata: {\"type\":\"response.failed\",\"response\":{\"id\":\"resp_1\",\"status\":\"failed\"," +
			"\"error\":{\"code\":\"rate_limit_exceeded\",\"message\":\"m\"}}}\n\n", 4, schemas.ErrRateLimited},
	} {
		u := upstreamOf(t, map[string]string{"POST /v1/responses": aStream + c.rest})
		client := clientOf(t, schemas.StaticAccount{"p": at("openai", u.URL)})
		for range 3 { // the only worker comes back
			stream, err := client.ResponsesStreamRequest(t.Context(), hi("p"))
			if err != nil {
				t.Fatal(err)
			}
			events, err := readAll(stream)
			if len(events) != c.n || !errors.Is(err, c.want) {
				t.Errorf("%s: %d events, %v", name, len(events), err)
			}
			var e *schemas.Error
			if !errors.As(err, &e) || e.Provider != "p" || e.Model != "m" {
				t.Errorf("%s: got %v", name, err)
			}
			if _, again := stream.Next(); again != err {
				t.Errorf("%s: then %v", name, again)
			}
			if name == "failed" && events[3].Response.Error.Message != "m" {
				t.Errorf("%s: got %s", name, events[3].Raw)
			}
		}
	}
}

func TestAStreamOfAnotherDialectThatBreaksSaysSoInATypedResponse(t *testing.T) {
	for _, broken := range []*schemas.Error{
		{Kind: schemas.KindUpstream, MayHaveStarted: true, Message: "the connection broke"},
		{Kind: schemas.KindRateLimited, MayHaveStarted: true, Message: "slow", Upstream: &schemas.UpstreamReply{Dialect: schemas.DialectAnthropic, Body: []byte(`{"error":{"message":"x"}}`)}},
	} {
		client, err := bifrost.Init(schemas.BifrostConfig{}, bifrost.WithProvider("p", able{dialect: schemas.DialectAnthropic,
			operations: []schemas.Operation{schemas.OperationChatStream}, asked: make(chan schemas.Operation, 1), broken: broken}))
		if err != nil {
			t.Fatal(err)
		}
		defer client.Shutdown(context.Background())
		stream, err := client.ResponsesStreamRequest(t.Context(), hi("p"))
		if err != nil {
			t.Fatal(err)
		}
		events, err := readAll(stream)
		var e *schemas.Error
		if !errors.As(err, &e) || e.Kind != broken.Kind || e.Message != broken.Message || events[len(events)-1].Type != schemas.EventResponseFailed {
			t.Errorf("got %v after %d events", err, len(events))
		}
	}
}

// endless is a provider whose stream of the Responses API goes on for ever.
type endless struct{ left chan<- string }

func (p endless) Describe() schemas.ProviderInfo {
	return schemas.ProviderInfo{Type: "endless", Dialect: schemas.DialectOpenAI, KeyOptional: true,
		Operations: []schemas.Operation{schemas.OperationRaw, schemas.OperationResponses}}
}

func (p endless) Call(ctx context.Context, _ *schemas.Attempt) (*schemas.Response, error) {
	r, w := io.Pipe()
	go func() { // ends with its context
		defer func() { p.left <- "left" }()
		for i := 0; ctx.Err() == nil; i++ {
			_, _ = fmt.Fprintf(w, "data: {\"type\":\"response.output_text.delta\",\"sequence_number\":%d,\"delta\":\"x\"}\n\n", i)
		}
	}()
	context.AfterFunc(ctx, func() { _ = w.CloseWithError(ctx.Err()) })
	return &schemas.Response{Raw: &schemas.RawResponse{StatusCode: 200, Header: http.Header{"Content-Type": {"text/event-stream"}}, Body: r}}, nil
}

func TestAClosedTypedStreamGivesItsWorkerBack(t *testing.T) {
	left := make(chan string, 10)
	client, err := bifrost.Init(schemas.BifrostConfig{Account: schemas.StaticAccount{"p": {Config: schemas.ProviderConfig{
		ConcurrencyAndBufferSize: schemas.ConcurrencyAndBufferSize{Concurrency: 1, BufferSize: 1}}}}}, bifrost.WithProvider("p", endless{left}))
	if err != nil {
		t.Fatal(err)
	}
	defer client.Shutdown(context.Background())
	for name, leave := range map[string]func(*bifrost.ResponsesStream, context.CancelFunc) error{
		"closed": func(s *bifrost.ResponsesStream, _ context.CancelFunc) error {
			_, _ = s.Close(), s.Close()
			_, err := s.Next()
			return err
		},
		"cancelled": func(s *bifrost.ResponsesStream, cancel context.CancelFunc) error {
			cancel()
			_, err := readAll(s)
			return err
		},
		"a loop that was left": func(s *bifrost.ResponsesStream, _ context.CancelFunc) error {
			for range s.All() {
				break
			}
			_, err := s.Next()
			return err
		},
	} {
		ctx, cancel := context.WithCancel(t.Context())
		stream, err := client.ResponsesStreamRequest(ctx, hi("p"))
		if err != nil {
			t.Fatal(err)
		}
		if e, err := stream.Next(); err != nil || e.Delta != "x" {
			t.Fatalf("%s: got %+v, %v", name, e, err)
		}
		var e *schemas.Error
		if err := leave(stream, cancel); !errors.As(err, &e) || e.Kind != schemas.KindCanceled {
			t.Errorf("%s: %v", name, err)
		}
		<-left
		cancel()
	}
}

func TestATypedRequestWithoutARequestOrAModelIsRefused(t *testing.T) {
	client := clientOf(t, schemas.StaticAccount{"simulated": {}, "p": at("openai", "http://127.0.0.1:1")})
	for name, err := range map[string]error{
		"nil":        second(client.ResponsesRequest(t.Context(), nil)),
		"nil stream": second(client.ResponsesStreamRequest(t.Context(), nil)),
		"no model":   second(client.ResponsesRequest(t.Context(), &schemas.ResponsesRequest{})),
	} {
		if !errors.Is(err, schemas.ErrInvalidRequest) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func second[T any](_ T, err error) error { return err }
