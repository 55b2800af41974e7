package openai

import (
	"errors"
	"io"
	"strings"
	"testing"

	"bifrost/internal/wire"
	"bifrost/schemas"
)

// watched shows a stream to a StreamWatch and returns the index of the first
// event with content, the first error and what the end means.
func watched(path, stream string) (first int, failure *schemas.Error, end error) {
	w := NewStreamWatch(path, "sk-1")
	r := wire.NewReader(strings.NewReader(stream))
	first = -1
	for i := 0; ; i++ {
		ev, err := r.Next()
		if err != nil {
			return first, failure, w.End(err)
		}
		content, failed := w.See(ev)
		if content && first < 0 {
			first = i
		}
		if failed != nil && failure == nil {
			failure = failed
		}
	}
}

func TestAWatchedStreamsEndIsRegularOnlyWithItsEndMark(t *testing.T) {
	const part = "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"a \\\"error\\\"\"},\"finish_reason\":null}]}\n\n"
	const last = "data: {\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}]}\n\n"
	const created = "event: response.created\ndata: {\"type\":\"response.created\",\"response\":{\"error\":null}}\n\n"
	cases := map[string]struct {
		path, stream string
		first        int
		clean        bool
	}{
		"chat":                  {PathChat, ": hi\n\n" + part + last + "data: [DONE]\n\n", 1, true},
		"chat, no mark":         {PathChat, part + last, 0, true},
		"chat, bare end":        {PathChat, part, 0, false},
		"chat, empty":           {PathChat, "", -1, false},
		"chat, cut":             {PathChat, part + "data: {\"choices\":[{\"finish_reason\":\"sto", 0, false},
		"chat, cut end mark":    {PathChat, part + "data: [DONE]", 0, true},
		"chat, filter first":    {PathChat, "data: {\"choices\":[],\"prompt_filter_results\":[]}\n\n" + part + last, 1, true},
		"completions":           {PathCompletions, "data: {\"choices\":[{\"text\":\"a\",\"finish_reason\":\"length\"}]}\n\n", 0, true},
		"responses":             {PathResponses, created + "event: response.completed\ndata: {\"type\":\"response.completed\"}\n\n", 0, true},
		"responses, no names":   {PathResponses, "data: {\"type\":\"response.incomplete\"}\n\n", 0, true},
		"responses, bare end":   {PathResponses, created, 0, false},
		"unknown path":          {"/audio/speech", "data: {\"type\":\"speech.audio.delta\"}\n\n", 0, true},
		"unknown path, cut":     {"/audio/speech", "data: {\"type\":\"spee", 0, false},
		"unknown path, nothing": {"/audio/speech", "", -1, true},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			first, failure, end := watched(c.path, c.stream)
			if first != c.first || failure != nil {
				t.Fatalf("first content in event %d, want %d; error %v", first, c.first, failure)
			}
			if c.clean && end != io.EOF || !c.clean && !errors.Is(end, schemas.ErrUpstream) {
				t.Fatalf("the end is %v", end)
			}
		})
	}
}

func TestAWatchedStreamsErrorIsSeenAndStays(t *testing.T) {
	for name, c := range map[string]struct {
		path, stream string
		kind         schemas.ErrorKind
	}{
		"chat":      {PathChat, "data: {\"error\":{\"code\":429,\"message\":\"sk-1\"}}\n\ndata: [DONE]\n\n", schemas.KindRateLimited},
		"responses": {PathResponses, "event: error\ndata: {\"type\":\"error\",\"code\":\"rate_limit_exceeded\",\"message\":\"m\"}\n\n", schemas.KindRateLimited},
		"reason":    {PathChat, "data: {\"choices\":[{\"finish_reason\":\"error\"}]}\n\n", schemas.KindUpstream},
		"old":       {PathChat, "data: {\"object\":\"error\",\"message\":\"m\",\"code\":503}\n\n", schemas.KindUpstream},
	} {
		t.Run(name, func(t *testing.T) {
			first, failure, end := watched(c.path, c.stream)
			if first != 0 || failure == nil || failure.Kind != c.kind || end != error(failure) {
				t.Fatalf("got %d, %v, %v", first, failure, end)
			}
			if up := failure.Upstream; up != nil && strings.Contains(string(up.Body), "sk-1") {
				t.Fatal("the key is in the reply")
			}
		})
	}
}

func TestABrokenSourceIsForgivenAfterTheEndMarkOnly(t *testing.T) {
	cut := &schemas.Error{Kind: schemas.KindUpstream}
	w := NewStreamWatch(PathChat, "")
	if err := w.End(cut); err != cut {
		t.Fatalf("got %v", err)
	}
	w.See(wire.Event{Data: []byte(EndOfStream)})
	if err := w.End(cut); err != io.EOF || !w.Done() {
		t.Fatalf("got %v", err)
	}
}
