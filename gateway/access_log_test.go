package gateway_test

import (
	"context"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/rs/zerolog"

	"bifrost"
	"bifrost/gateway"
	"bifrost/schemas"
)

// requestsIn returns the access log's lines by the requests' ids.
func requestsIn(t *testing.T, log *logged) (byID map[string]map[string]any, text string) {
	t.Helper()
	lines, text := log.lines(t)
	byID = map[string]map[string]any{}
	for _, line := range lines {
		if id, _ := line["request_id"].(string); line["message"] == "request" {
			byID[id] = line
		}
	}
	return byID, text
}

func TestASampleOfTheSuccessfulRequestsIsLoggedByTheirIdsAndAllOthers(t *testing.T) {
	var first map[string]map[string]any
	for range 2 {
		log := &logged{}
		s := serve(t, schemas.BifrostConfig{}, gateway.Options{Logger: zerolog.New(log), AccessLog: &gateway.AccessLog{Enabled: true, Sample: 0.25}},
			bifrost.WithProvider("fake", always(answer)), bifrost.WithProvider("bad", scripted(eventType, errBroken, "data: {}\n\n")))
		for i := range 400 {
			s.post(t, chatPath, goodChat, "X-Request-Id", fmt.Sprint("good-", i))
		}
		for i := range 20 {
			s.post(t, chatPath, "{", "X-Request-Id", fmt.Sprint("faulty-", i))
			s.post(t, chatPath, strings.Replace(goodChat, "fake", "bad", 1), "X-Request-Id", fmt.Sprint("broken-", i))
		}
		s.Close() // waits for the log
		got, _ := requestsIn(t, log)
		good := 0
		for id := range got {
			if strings.HasPrefix(id, "good-") {
				good++
			}
		}
		if len(got)-good != 40 || good < 60 || good > 140 {
			t.Errorf("%d good ones are logged, and %d others", good, len(got)-good)
		}
		for id := range first {
			if got[id] == nil {
				t.Errorf("%s is logged one time and not the other", id)
			}
		}
		first = got
	}
}

func TestAnAccessLogThatIsOffHasNoLines(t *testing.T) {
	log := &logged{}
	s := serve(t, schemas.BifrostConfig{}, gateway.Options{Logger: zerolog.New(log), AccessLog: &gateway.AccessLog{Sample: 1}}, bifrost.WithProvider("fake", always(answer)))
	s.post(t, chatPath, goodChat)
	s.post(t, chatPath, "{")
	s.Close()
	if lines, text := log.lines(t); len(lines) != 0 {
		t.Errorf("the log is %s", text)
	}
}

func TestTheLogHasTheMeasuresOfARequest(t *testing.T) {
	log := &logged{}
	p := counting(9)
	s := serve(t, schemas.BifrostConfig{}, gateway.Options{Logger: zerolog.New(log), Clients: teams(nil)}, bifrost.WithProvider("fake", p))
	s.post(t, chatPath, goodChat, "Api-Key", teamKey, "X-Request-Id", "one", "X-Stainless-Retry-Count", "2",
		"Traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")
	s.post(t, chatPath, goodChat, "Api-Key", teamKey, "X-Request-Id", "two", "X-Stainless-Retry-Count", "0\"}", "Traceparent", "nonsense")
	s.post(t, chatPath, goodChat, "X-Request-Id", "three")
	s.Close()
	got, text := requestsIn(t, log)
	for id, want := range map[string]map[string]any{
		"one": {"client": "team", "input_tokens": 8.0, "output_tokens": 1.0, "retry": 2.0, "trace_id": "0af7651916cd43dd8448eb211c80319c", "waited_ms": nil, "request_content": nil},
		"two": {"client": "team", "retry": nil, "trace_id": nil}, "three": {"client": nil, "status": 401.0, "code": "unauthorized"},
	} {
		for field, value := range want {
			if got[id][field] != value {
				t.Errorf("%s: %s is %v, want %v, in\n%s", id, field, got[id][field], value, text)
			}
		}
	}
	if ms, ok := got["one"]["first_content_ms"].(float64); !ok || ms <= 0 {
		t.Errorf("the first content came after %v", got["one"]["first_content_ms"])
	}
}

func TestContentIsLoggedForANamedClientOnlyBoundedAndWithoutKeys(t *testing.T) {
	log := &logged{}
	echo := &fake{call: func(_ context.Context, raw *schemas.RawRequest) (*schemas.RawResponse, error) {
		return replyFrom("application/json", io.NopCloser(strings.NewReader(`{"said":`+string(raw.Body)+`}`))), nil
	}}
	s := serve(t, schemas.BifrostConfig{}, gateway.Options{Logger: zerolog.New(log), Clients: teams(func(c *gateway.Client) { c.LogContent = true })},
		bifrost.WithProvider("fake", echo))
	say := func(what string) string {
		return `{"model":"fake/m","messages":[{"role":"user","content":"` + what + `"}]}`
	}
	s.post(t, chatPath, say("words of the team, and my key is "+teamKey), "Api-Key", teamKey, "X-Request-Id", "team")
	s.post(t, chatPath, say("words of the other"), "Api-Key", otherKey, "X-Request-Id", "other")
	s.post(t, chatPath, say(strings.Repeat("long ", 50_000)), "Api-Key", teamKey, "X-Request-Id", "long")
	s.Close()
	got, text := requestsIn(t, log)
	if strings.Contains(text, "bf-team") || strings.Contains(text, "words of the other") {
		t.Errorf("the log has a key, or what it may not have")
	}
	asked, _ := got["team"]["request_content"].(string)
	answered, _ := got["team"]["answer_content"].(string)
	if !strings.Contains(asked, "words of the team, and my key is ***") || !strings.Contains(answered, `{"said":`) || !strings.Contains(answered, "words of the team") {
		t.Errorf("logged are %q and %q", asked, answered)
	}
	asked, _ = got["long"]["request_content"].(string)
	answered, _ = got["long"]["answer_content"].(string)
	if len(asked) != 64<<10 || len(answered) != 64<<10 {
		t.Errorf("%d and %d bytes are logged", len(asked), len(answered))
	}
}
