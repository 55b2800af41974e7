package gemini

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
	streamPath = "/models/m:streamGenerateContent"

	usageEvent = `data: {"usageMetadata":{"promptTokenCount":3}}` + "\n\n"
	textEvent  = `data: {"candidates":[{"content":{"parts":[{"text":"an \"error\""}],"role":"model"}}]}` + "\n\n"
	stopEvent  = `data: {"candidates":[{"finishReason":"STOP"}]}` + "\n\n"
	blockEvent = `data: {"promptFeedback":{"blockReason":"SAFETY"}}` + "\n\n"
	errorEvent = `data: {"error":{"code":503,"message":"m","status":"UNAVAILABLE"}}` + "\n\n"
)

func TestAWatchedStreamsEndIsRegularOnlyWithItsReason(t *testing.T) {
	for name, c := range map[string]struct {
		path, stream string
		first        int
		clean        bool
	}{
		"whole":                 {streamPath, ": hi\n\n" + usageEvent + textEvent + stopEvent, 2, true},
		"a reason alone":        {streamPath, stopEvent, 0, true},
		"a refused prompt":      {streamPath, blockEvent, 0, true},
		"usage after the end":   {streamPath, textEvent + stopEvent + usageEvent, 0, true},
		"another's end mark":    {streamPath, textEvent + stopEvent + "data: [DONE]\n\n", 0, true},
		"only an end mark":      {streamPath, textEvent + "data: [DONE]\n\n", 0, false},
		"bare end":              {streamPath, textEvent, 0, false},
		"nothing":               {streamPath, "", -1, false},
		"usage alone":           {streamPath, usageEvent, -1, false},
		"cut":                   {streamPath, textEvent + stopEvent[:20], 0, false},
		"a page":                {streamPath, textEvent + "<html>\n\n", 0, false},
		"unknown path":          {"/x", "data: {\"y\":1}\n\n", 0, true},
		"unknown path, nothing": {"/x", "", -1, true},
	} {
		got := watched(c.path, c.stream, "sk-1")
		if got.First != c.first || got.Failure != nil || c.clean && got.End != io.EOF || !c.clean && !errors.Is(got.End, schemas.ErrUpstream) {
			t.Errorf("%s: got %+v", name, got)
		}
		if strings.Contains(got.Passed, doneMark) {
			t.Errorf("%s: passed %q", name, got.Passed)
		}
	}
}

func TestAWatchedStreamsErrorIsSeenAndStays(t *testing.T) {
	for name, c := range map[string]struct {
		stream string
		kind   schemas.ErrorKind
		status int
	}{
		"unavailable":    {errorEvent + stopEvent, schemas.KindUpstream, 503},
		"a rate":         {strings.Replace(errorEvent, "503", "429", 1), schemas.KindRateLimited, 429},
		"only a word":    {`data: {"error":{"status":"RESOURCE_EXHAUSTED"}}` + "\n\n", schemas.KindRateLimited, 429},
		"neither":        {`data: {"error":{"message":"m"}}` + "\n\n", schemas.KindUpstream, 500},
		"in a list":      {`data: [{"error":{"code":503}}]` + "\n\n", schemas.KindUpstream, 503},
		"a bare body":    {"{\n  \"error\": {\n    \"code\": 503,\n    \"message\": \"m\"\n  }\n}\n", schemas.KindUpstream, 503},
		"a bare list":    {"[{\n  \"error\": {\n    \"code\": 503\n  }\n}\n]\n\n", schemas.KindUpstream, 503},
		"beside content": {strings.Replace(textEvent, "{", `{"error":{"code":503},`, 1), schemas.KindUpstream, 503},
	} {
		got := watched(streamPath, c.stream, "sk-1")
		if got.First != 0 || got.Failure == nil || got.Failure.Kind != c.kind || got.Failure.StatusCode != c.status || got.End != error(got.Failure) {
			t.Errorf("%s: got %+v", name, got)
		}
		if _, err := accumulated(NewChatStream(strings.NewReader(textEvent+c.stream), false, "sk-1")); !errors.Is(err, &schemas.Error{Kind: c.kind}) {
			t.Errorf("%s: read as %v", name, err)
		}
		if !strings.HasPrefix(got.Passed, "data: ") || !strings.Contains(got.Passed, "\n\n") {
			t.Errorf("%s: clients cannot read %q", name, got.Passed)
		}
	}
}

func TestAWatchedStreamsEndIsMadeWhole(t *testing.T) {
	open := func(block string) string { return strings.TrimRight(block, "\n") }
	whole := textEvent + stopEvent
	for name, c := range map[string]struct{ sent, want string }{
		"whole":             {whole, whole},
		"other line ends":   {strings.ReplaceAll(whole, "\n", "\r\n"), strings.ReplaceAll(whole, "\n", "\r\n")},
		"an open reason":    {textEvent + open(stopEvent), whole},
		"half a blank line": {textEvent + open(stopEvent) + "\n", whole},
		"an open error":     {textEvent + open(errorEvent), textEvent + errorEvent},
		"bare end":          {textEvent, textEvent},
		"cut":               {textEvent + stopEvent[:20], textEvent},
		"cut after the end": {whole + "data: {", whole},
		// What clients of the dialect cannot take.
		"comments":         {": hi\n\n" + whole + ": bye\n\n", whole},
		"a comment within": {": hi\n" + whole, whole},
		"a name":           {"event: message\n" + whole, whole},
		"several lines":    {strings.Replace(whole, `{"candidates"`, "{\ndata: \"candidates\"", 1), whole},
		"no space":         {strings.ReplaceAll(whole, "data: ", "data:"), whole},
		"old line ends":    {strings.ReplaceAll(whole, "\n", "\r"), whole},
	} {
		if got := watched(streamPath, c.sent, "sk-1"); got.Passed != c.want {
			t.Errorf("%s: passed %q, want %q (the end is %v)", name, got.Passed, c.want, got.End)
		}
	}
}

func TestABrokenSourceIsNotForgiven(t *testing.T) {
	cut := &schemas.Error{Kind: schemas.KindUpstream}
	w := NewStreamWatch(streamPath, "")
	w.See(wire.Event{Data: []byte(`{"candidates":[{"finishReason":"STOP"}]}`)})
	if missing, err := w.End(cut); err != cut || len(missing) > 0 || w.Done() || w.Over() {
		t.Fatalf("got %v, missing %q", err, missing)
	}
}

func TestTheKeyIsMaskedInWhatAWatchedStreamsErrorQuotes(t *testing.T) {
	for _, key := range []string{"sk-1", "error", "message", "a/b", `"`, "1", "{"} {
		quoted := strings.NewReplacer(`"`, `\"`).Replace(key)
		sent := `data: {"error":{"code":500,"message":"bad ` + quoted + `","status":"INTERNAL"}}` + "\n\n"
		got := watched(streamPath, textEvent+sent, key)
		if got.Failure == nil || len(key) > 1 && strings.Contains(got.Passed[len(textEvent):], "bad "+key) {
			t.Errorf("%s: got %+v", key, got)
		}
		if all := events(t, []byte(got.Passed)); len(all) != 2 {
			t.Errorf("%s: clients read %+v", key, all)
		}
	}
	quoting := strings.Replace(textEvent, "an", "sk-1", 1)
	if got := watched(streamPath, quoting, "sk-1"); got.Passed != quoting {
		t.Errorf("an answer: passed %q", got.Passed)
	}
}
