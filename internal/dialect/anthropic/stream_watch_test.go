package anthropic

import (
	"errors"
	"io"
	"strings"
	"testing"

	"bifrost/internal/dialect/dialecttest"
	"bifrost/internal/wire"
	"bifrost/schemas"
)

// watched shows a stream to a StreamWatch.
func watched(path, stream, key string) dialecttest.Seen {
	return dialecttest.Watched(NewStreamWatch(path, key), stream)
}

const (
	startEvent  = "event: message_start\ndata: {\"type\":\"message_start\",\"message\":{\"content\":[]}}\n\n"
	pingEvent   = "event: ping\ndata: {\"type\":\"ping\"}\n\n"
	textEvent   = "event: content_block_start\ndata: {\"type\":\"content_block_start\",\"index\":0,\"content_block\":{\"type\":\"text\",\"text\":\"\"}}\n\n"
	toolEvent   = "event: content_block_start\ndata: {\"type\":\"content_block_start\",\"index\":0,\"content_block\":{\"type\":\"tool_use\"}}\n\n"
	partEvent   = "event: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"index\":0,\"delta\":{\"text\":\"an \\\"error\\\"\"}}\n\n"
	reasonEvent = "event: message_delta\ndata: {\"type\":\"message_delta\",\"delta\":{\"stop_reason\":\"end_turn\"}}\n\n"
	stopEvent   = "event: message_stop\ndata: {\"type\":\"message_stop\"}\n\n"
	errorEvent  = "event: error\ndata: {\"type\":\"error\",\"error\":{\"type\":\"overloaded_error\",\"message\":\"m\"}}\n\n"
)

func TestAWatchedStreamsEndIsRegularOnlyWithItsReason(t *testing.T) {
	for name, c := range map[string]struct {
		path, stream string
		first        int
		clean        bool
	}{
		"whole":                 {PathMessages, ": hi\n\n" + startEvent + pingEvent + textEvent + partEvent + reasonEvent + stopEvent, 4, true},
		"a call":                {PathMessages, startEvent + toolEvent + reasonEvent + stopEvent, 1, true},
		"no names":              {PathMessages, strings.ReplaceAll(startEvent+partEvent+stopEvent, "event: ", "x: "), 1, true},
		"no end mark":           {PathMessages, startEvent + partEvent + reasonEvent, 1, true},
		"bare end":              {PathMessages, startEvent + textEvent + partEvent, 2, false},
		"a delta without":       {PathMessages, partEvent + strings.Replace(reasonEvent, `"end_turn"`, "null", 1), 0, false},
		"nothing":               {PathMessages, "", -1, false},
		"a beginning":           {PathMessages, startEvent + pingEvent + textEvent, -1, false},
		"cut":                   {PathMessages, partEvent + reasonEvent[:60], 0, false},
		"unknown path":          {"/x", "data: {\"type\":\"y\"}\n\n", 0, true},
		"unknown path, nothing": {"/x", "", -1, true},
	} {
		got := watched(c.path, c.stream, "sk-1")
		if got.First != c.first || got.Failure != nil || c.clean && got.End != io.EOF || !c.clean && !errors.Is(got.End, schemas.ErrUpstream) {
			t.Errorf("%s: got %+v", name, got)
		}
	}
}

func TestAWatchedStreamsErrorIsSeenAndStays(t *testing.T) {
	for name, c := range map[string]struct {
		stream string
		kind   schemas.ErrorKind
		status int
	}{
		"overloaded":  {errorEvent + stopEvent, schemas.KindUpstream, 529},
		"a rate":      {strings.Replace(errorEvent, "overloaded", "rate_limit", 1), schemas.KindRateLimited, 429},
		"no name":     {strings.Replace(errorEvent, "event: error\n", "", 1), schemas.KindUpstream, 529},
		"only a name": {"event: error\ndata: {}\n\n", schemas.KindUpstream, 500},
	} {
		got := watched(PathMessages, c.stream, "sk-1")
		if got.First != 0 || got.Failure == nil || got.Failure.Kind != c.kind || got.Failure.StatusCode != c.status || got.End != error(got.Failure) {
			t.Errorf("%s: got %+v", name, got)
		}
	}
}

func TestAWatchedStreamsEndIsMadeWhole(t *testing.T) {
	open := func(block string) string { return strings.TrimRight(block, "\n") }
	whole := partEvent + reasonEvent + stopEvent
	for name, c := range map[string]struct{ sent, want string }{
		"whole":                {whole, whole},
		"no mark":              {partEvent + reasonEvent, whole},
		"an open reason":       {partEvent + open(reasonEvent), whole},
		"an open mark":         {partEvent + reasonEvent + open(stopEvent), whole},
		"half a blank line":    {partEvent + reasonEvent + open(stopEvent) + "\n", whole},
		"an open error":        {partEvent + open(errorEvent), partEvent + errorEvent},
		"a mark after error":   {partEvent + errorEvent + stopEvent, partEvent + errorEvent},
		"bare end":             {partEvent, partEvent},
		"cut":                  {partEvent + reasonEvent[:60], partEvent},
		"cut after the end":    {whole + "data: {", whole},
		"a comment at the end": {whole + ": bye\n\n", whole + ": bye\n\n"},
	} {
		if got := watched(PathMessages, c.sent, "sk-1"); got.Passed != c.want {
			t.Errorf("%s: passed %q, want %q (the end is %v)", name, got.Passed, c.want, got.End)
		}
	}
}

func TestABrokenSourceIsForgivenAfterTheEndMarkOnly(t *testing.T) {
	cut := &schemas.Error{Kind: schemas.KindUpstream}
	w := NewStreamWatch(PathMessages, "")
	if missing, err := w.End(cut); err != cut || len(missing) > 0 {
		t.Fatalf("got %v, missing %q", err, missing)
	}
	w.See(wire.Event{Name: eventMessageStop, Data: []byte(`{"type":"message_stop"}`)})
	if missing, err := w.End(cut); err != io.EOF || !w.Done() || !w.Over() || len(missing) > 0 {
		t.Fatalf("got %v, missing %q", err, missing)
	}
}

func TestTheKeyIsMaskedInWhatAWatchedStreamsErrorQuotes(t *testing.T) {
	for _, key := range []string{"sk-1", "error", "message", "a/b", `"`, "1", "{"} {
		quoted := strings.NewReplacer(`"`, `\"`).Replace(key)
		sent := "event: error\ndata: {\"type\":\"error\",\"error\":{\"type\":\"api_error\",\"message\":\"bad " + quoted + "\"}}\n\n"
		got := watched(PathMessages, startEvent+sent, key)
		if got.Failure == nil || len(key) > 1 && strings.Contains(got.Passed[len(startEvent):], "bad "+key) {
			t.Errorf("%s: got %+v", key, got)
		}
		if all := events(t, []byte(got.Passed)); len(all) != 2 || all[1].name != "error" {
			t.Errorf("%s: clients read %+v", key, all)
		}
	}
	if got := watched(PathMessages, ": about sk-1\n\n"+partEvent, "sk-1"); strings.Contains(got.Passed, "sk-1") {
		t.Errorf("a comment: passed %q", got.Passed)
	}
	quoting := strings.Replace(partEvent, "an", "sk-1", 1)
	if got := watched(PathMessages, quoting, "sk-1"); got.Passed != quoting {
		t.Errorf("an answer: passed %q", got.Passed)
	}
}
