package demo

import (
	"encoding/json"
	"math/rand/v2"
	"time"
)

// Shares of the requests.
const (
	streamedShare  = 0.5
	impatientShare = 0.1
)

// impatience is how long who is in a hurry waits for the beginning of an answer.
const impatience = 3 * time.Second

// call is one request of the load.
type call struct {
	model    string
	prompt   string
	streamed bool
	hurried  bool
}

var prompts = []string{
	"Explain what a mailbox of an actor is, in two sentences.",
	"What is the difference between a queue that drops and one that lets callers wait?",
	"Write a haiku about back-pressure.",
	"Summarise Little's law for somebody who runs a restaurant.",
	"Name three reasons why a provider answers with status 429.",
}

// draw chooses what is asked for next.
func draw(random *rand.Rand, targets []Target) call {
	sum := 0.0
	for _, t := range targets {
		sum += t.Weight
	}
	c := call{
		prompt:   prompts[random.IntN(len(prompts))],
		streamed: random.Float64() < streamedShare,
		hurried:  random.Float64() < impatientShare,
	}
	x := random.Float64() * sum
	for _, t := range targets {
		c.model = t.Model
		if x -= t.Weight; x < 0 {
			break
		}
	}
	return c
}

// body is the request, in OpenAI's form.
func (c call) body() []byte {
	type message struct {
		Role    string `json:"role"`
		Content string `json:"content"`
	}
	body, err := json.Marshal(struct {
		Model    string    `json:"model"`
		Stream   bool      `json:"stream,omitempty"`
		Messages []message `json:"messages"`
	}{c.model, c.streamed, []message{{"user", c.prompt}}})
	if err != nil { // strings and a truth value
		panic("bug: " + err.Error())
	}
	return body
}
