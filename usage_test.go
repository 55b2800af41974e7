package bifrost_test

import (
	"context"
	"io"
	"math/rand/v2"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"bifrost"
	"bifrost/schemas"
)

// observer is a hook that keeps what it is told of each request and attempt.
type observer struct {
	mu       sync.Mutex                 // guards what follows
	requests map[*schemas.HookCall]bool // ended
	told     []schemas.HookCall
	attempts int
	counted  int // attempts with usage
	faults   []string
}

func (o *observer) hook() schemas.Hook {
	o.requests = map[*schemas.HookCall]bool{}
	return schemas.Hook{
		BeforeRequest: func(_ context.Context, c *schemas.HookCall) (*schemas.Response, error) {
			o.mu.Lock()
			defer o.mu.Unlock()
			o.requests[c] = false
			c.State = c
			return nil, nil
		},
		BeforeAttempt: func(_ context.Context, c *schemas.HookCall) (*schemas.Response, error) {
			o.mu.Lock()
			defer o.mu.Unlock()
			if ended, known := o.requests[c.Parent.(*schemas.HookCall)]; ended || !known {
				o.faults = append(o.faults, "an attempt has a parent that has ended, or is not known")
			}
			c.Header = http.Header{"Traceparent": {"00-1"}}
			return nil, nil
		},
		AfterAttempt: func(_ context.Context, c *schemas.HookCall, _ *schemas.Response, _ error) {
			o.mu.Lock()
			defer o.mu.Unlock()
			o.attempts++
			if c.Usage != nil {
				o.counted++
			}
		},
		AfterRequest: func(_ context.Context, c *schemas.HookCall, _ *schemas.Response, err error) {
			o.mu.Lock()
			defer o.mu.Unlock()
			if o.requests[c] {
				o.faults = append(o.faults, "a request has ended twice")
			}
			o.requests[c] = true
			o.told = append(o.told, *c)
			if err != nil {
				o.faults = append(o.faults, err.Error())
			}
			if c.FirstContent <= 0 || c.Waited < 0 || c.FirstContent < c.Waited {
				o.faults = append(o.faults, "it waited "+c.Waited.String()+" and had its content after "+c.FirstContent.String())
			}
		},
	}
}

// observed starts a client of a simulated provider of a dialect, with one hook.
func observed(t *testing.T, d schemas.Dialect) (*bifrost.Client, *observer) {
	t.Helper()
	o := &observer{}
	client, err := bifrost.Init(schemas.BifrostConfig{Account: schemas.StaticAccount{"sim": {Config: schemas.ProviderConfig{
		Type: "simulated", Simulation: &schemas.SimulationConfig{Dialect: d},
		ConcurrencyAndBufferSize: schemas.ConcurrencyAndBufferSize{Concurrency: 3, BufferSize: 3}}}}}, bifrost.WithHooks(o.hook()))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = client.Shutdown(context.Background()) })
	return client, o
}

// doors are the ways in which a chat is asked for. Each returns the answer's usage.
var doors = map[string]func(context.Context, *bifrost.Client) (*schemas.Usage, error){
	"typed": func(ctx context.Context, c *bifrost.Client) (*schemas.Usage, error) {
		resp, err := c.ChatCompletionRequest(ctx, aChat())
		if err != nil {
			return nil, err
		}
		return resp.Usage, nil
	},
	"typed stream": func(ctx context.Context, c *bifrost.Client) (*schemas.Usage, error) {
		s, err := c.ChatCompletionStreamRequest(ctx, aChat())
		if err != nil {
			return nil, err
		}
		for chunk, err := range s.All() {
			if err != nil || chunk.Usage != nil {
				return nil, err
			}
		}
		return s.Usage(), nil
	},
	"openai":        rawDoor(schemas.DialectOpenAI, "/chat/completions", "", `{"model":"sim/sim-1","messages":[{"role":"user","content":"hi"}]}`),
	"openai stream": rawDoor(schemas.DialectOpenAI, "/chat/completions", "", `{"model":"sim/sim-1","messages":[{"role":"user","content":"hi"}],"stream":true}`),
	"responses":     rawDoor(schemas.DialectOpenAI, "/responses", "", `{"model":"sim/sim-1","input":"hi","stream":true}`),
	"anthropic":     rawDoor(schemas.DialectAnthropic, "/messages", "", `{"model":"sim/sim-1","max_tokens":50,"messages":[{"role":"user","content":"hi"}]}`),
	"anthropic stream": rawDoor(schemas.DialectAnthropic, "/messages", "",
		`{"model":"sim/sim-1","max_tokens":50,"messages":[{"role":"user","content":"hi"}],"stream":true}`),
	"gemini": rawDoor(schemas.DialectGemini, "/models/sim/sim-1:generateContent", "", `{"contents":[{"role":"user","parts":[{"text":"hi"}]}]}`),
	"gemini stream": rawDoor(schemas.DialectGemini, "/models/sim/sim-1:streamGenerateContent", "alt=sse",
		`{"contents":[{"role":"user","parts":[{"text":"hi"}]}]}`),
}

func aChat() *schemas.ChatRequest {
	return &schemas.ChatRequest{Provider: "sim", Model: "sim-1", Messages: []schemas.ChatMessage{schemas.UserMessage("hi")}}
}

func rawDoor(d schemas.Dialect, path, query, body string) func(context.Context, *bifrost.Client) (*schemas.Usage, error) {
	return func(ctx context.Context, c *bifrost.Client) (*schemas.Usage, error) {
		resp, err := c.DialectRequest(ctx, &schemas.RawRequest{Dialect: d, Method: http.MethodPost, Path: path, Query: query,
			Header: http.Header{"Content-Type": {"application/json"}}, Body: []byte(body)})
		if err != nil {
			return nil, err
		}
		defer resp.Raw.Body.Close()
		data, err := io.ReadAll(resp.Raw.Body)
		if d == schemas.DialectOpenAI && strings.Contains(string(data), `"choices":[],"usage"`) {
			return nil, err // nobody has asked for it
		}
		return resp.Usage(), err
	}
}

func TestEveryDoorTellsUsageToItsCallerAndOnceToTheHooks(t *testing.T) {
	for _, d := range []schemas.Dialect{schemas.DialectOpenAI, schemas.DialectAnthropic, schemas.DialectGemini} {
		t.Run(string(d), func(t *testing.T) {
			client, o := observed(t, d)
			names := make([]string, 0, len(doors))
			for name := range doors {
				names = append(names, name)
			}
			const calls = 100
			var asking sync.WaitGroup
			for range calls {
				name := names[rand.IntN(len(names))]
				asking.Go(func() {
					ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
					defer cancel()
					usage, err := doors[name](ctx, client)
					if err != nil || usage == nil || usage.PromptTokens <= 0 || usage.CompletionTokens <= 0 {
						t.Errorf("%s: usage %+v, error %v", name, usage, err)
					}
				})
			}
			asking.Wait()
			if err := client.Shutdown(t.Context()); err != nil {
				t.Fatal(err)
			}
			o.mu.Lock()
			defer o.mu.Unlock()
			if len(o.told) != calls || o.attempts != calls || o.counted != calls || len(o.faults) > 0 {
				t.Errorf("%d requests and %d attempts have ended, %d with usage; %q", len(o.told), o.attempts, o.counted, o.faults)
			}
			waited := 0
			for _, c := range o.told {
				if c.Usage == nil || c.Usage.TotalTokens < c.Usage.CompletionTokens {
					t.Errorf("a hook was told of %+v", c.Usage)
				}
				if c.Waited > 0 {
					waited++
				}
			}
			if s := client.Stats().Providers["sim"]; waited == 0 && s.QueueWait > 0 {
				t.Errorf("no hook was told of a wait, and the mailbox has counted %v", s.QueueWait)
			}
		})
	}
}
