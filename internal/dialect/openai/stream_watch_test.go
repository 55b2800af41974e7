package openai

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
func watched(path, stream string) dialecttest.Seen {
	return watchedWith(path, stream, StreamOptions{Key: "sk-1"})
}

func watchedWith(path, stream string, opts StreamOptions) dialecttest.Seen {
	return dialecttest.Watched(NewStreamWatch(path, opts), stream)
}

const (
	partChunk = "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"a \\\"error\\\"\"},\"finish_reason\":null}]}\n\n"
	lastChunk = "data: {\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}]}\n\n"
	endMark   = "data: [DONE]\n\n"
)

func TestAWatchedStreamsEndIsRegularOnlyWithItsEndMark(t *testing.T) {
	const part, last = partChunk, lastChunk
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
		"responses":             {PathResponses, created + "event: response.completed\ndata: {\"type\":\"response.completed\"}\n\n", 1, true},
		"responses, no names":   {PathResponses, "data: {\"type\":\"response.incomplete\"}\n\n", 0, true},
		"responses, bare end":   {PathResponses, created, -1, false},
		"unknown path":          {"/audio/speech", "data: {\"type\":\"speech.audio.delta\"}\n\n", 0, true},
		"unknown path, cut":     {"/audio/speech", "data: {\"type\":\"spee", 0, false},
		"unknown path, nothing": {"/audio/speech", "", -1, true},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			got := watched(c.path, c.stream)
			if got.First != c.first || got.Failure != nil {
				t.Fatalf("first content in event %d, want %d; error %v", got.First, c.first, got.Failure)
			}
			if c.clean && got.End != io.EOF || !c.clean && !errors.Is(got.End, schemas.ErrUpstream) {
				t.Fatalf("the end is %v", got.End)
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
		"failed":    {PathResponses, "data: {\"type\":\"response.failed\",\"response\":{\"error\":{\"code\":\"rate_limit_exceeded\",\"message\":\"sk-1\"}}}\n\n", schemas.KindRateLimited},
		"on top":    {PathResponses, "data: {\"type\":\"response.failed\",\"error\":{\"code\":429,\"message\":\"sk-1\"}}\n\n", schemas.KindRateLimited},
		"reason":    {PathChat, "data: {\"choices\":[{\"finish_reason\":\"error\"}]}\n\n", schemas.KindUpstream},
		"old":       {PathChat, "data: {\"object\":\"error\",\"message\":\"m\",\"code\":503}\n\n", schemas.KindUpstream},
	} {
		t.Run(name, func(t *testing.T) {
			got := watched(c.path, c.stream)
			if got.First != 0 || got.Failure == nil || got.Failure.Kind != c.kind || got.End != error(got.Failure) {
				t.Fatalf("got %d, %v, %v", got.First, got.Failure, got.End)
			}
			if up := got.Failure.Upstream; up != nil && strings.Contains(string(up.Body), "sk-1") {
				t.Fatal("the key is in the reply")
			}
		})
	}
}

func TestABrokenSourceIsForgivenAfterTheEndMarkOnly(t *testing.T) {
	cut := &schemas.Error{Kind: schemas.KindUpstream}
	w := NewStreamWatch(PathChat, StreamOptions{})
	if missing, err := w.End(cut); err != cut || len(missing) > 0 {
		t.Fatalf("got %v, missing %q", err, missing)
	}
	w.See(wire.Event{Data: []byte(EndOfStream)})
	if missing, err := w.End(cut); err != io.EOF || !w.Done() || len(missing) > 0 {
		t.Fatalf("got %v, missing %q", err, missing)
	}
}

// A client drops a last event without its blank line, and may wait for the end
// mark; what broke off must not get one.
func TestAWatchedStreamsEndIsMadeWhole(t *testing.T) {
	const created, completed = "data: {\"type\":\"response.created\"}\n\n", "data: {\"type\":\"response.completed\"}"
	const failure = "data: {\"error\":{\"message\":\"m\"}}"
	const failing = "data: {\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"error\"}]}\n\n"
	open := func(block string) string { return strings.TrimRight(block, "\n") }
	for name, c := range map[string]struct{ path, stream, want string }{
		"whole":                       {PathChat, partChunk + lastChunk + endMark, partChunk + lastChunk + endMark},
		"a comment at the end":        {PathChat, lastChunk + endMark + ": bye\n\n", lastChunk + endMark + ": bye\n\n"},
		"no mark":                     {PathChat, partChunk + lastChunk, partChunk + lastChunk + endMark},
		"no mark, an open comment":    {PathChat, lastChunk + ": bye", lastChunk + ": bye\n\n" + endMark},
		"no mark, completions":        {PathCompletions, lastChunk, lastChunk + endMark},
		"open mark":                   {PathChat, lastChunk + open(endMark), lastChunk + endMark},
		"half open mark":              {PathChat, lastChunk + open(endMark) + "\n", lastChunk + endMark},
		"half open mark, CRLF":        {PathChat, lastChunk + open(endMark) + "\r\n", lastChunk + open(endMark) + "\r\n\n"},
		"half open mark, CR":          {PathChat, lastChunk + open(endMark) + "\r", lastChunk + open(endMark) + "\r\n\n"},
		"open last chunk":             {PathChat, partChunk + open(lastChunk), partChunk + lastChunk + endMark},
		"open responses":              {PathResponses, created + completed, created + completed + "\n\n"},
		"whole responses":             {PathResponses, created + completed + "\n\n", created + completed + "\n\n"},
		"open, another path":          {"/audio/speech", "data: {}", "data: {}\n\n"},
		"open error":                  {PathChat, partChunk + failure, partChunk + failure + "\n\n"},
		"error, mark":                 {PathChat, partChunk + failure + "\n\n" + endMark, partChunk + failure + "\n\n"},
		"failing reason, mark":        {PathChat, failing + endMark, failing},
		"bare end":                    {PathChat, partChunk, partChunk},
		"bare end, open":              {PathChat, partChunk + open(partChunk), partChunk + open(partChunk)},
		"cut":                         {PathChat, partChunk + lastChunk[:40], partChunk},
		"something cut after the end": {PathChat, lastChunk + endMark + "data: {", lastChunk + endMark},
	} {
		if got := watched(c.path, c.stream); got.Passed != c.want {
			t.Errorf("%s: passed %q, want %q (the end is %v)", name, got.Passed, c.want, got.End)
		}
	}
}

// openai-go ends a stream at any chunk with an "error" member, null included.
func TestAnErrorThatSaysNothingIsTakenOutOfAChunk(t *testing.T) {
	for sent, want := range map[string]string{
		`data: {"error":null,"choices":[{"index":0}]}`:               `data: {"choices":[{"index":0}]}`,
		`data:{"a":1.50, "error" : "" , "choices":[{"error":null}]}`: `data:{"a":1.50 , "choices":[{"error":null}]}`,
		": c\nid: 7\ndata: {\"choices\":[],\"error\":{}}\nretry: 5":  ": c\nid: 7\ndata: {\"choices\":[]}\nretry: 5",
		"data: {\"choices\":[],\r\ndata: \"x\":1,\"error\":null}\r":  "data: {\"choices\":[],\ndata: \"x\":1}\r",
		`data: {"error":false,"choices":[],"error":null}`:            `data: {"choices":[]}`,
		`data: {"choices":[{"delta":{"content":"\"error\":null"}}]}`: "",
		`data: {"choices":[{"error":null}]}`:                         "",
		`data: {"choices":[],"x":{"error":null},"errors":null}`:      "",
		`data: {"choices":[] "error":null}`:                          "",
	} {
		if want == "" {
			want = sent
		}
		const end = "\n\n"
		for _, path := range []string{PathChat, PathCompletions} {
			if got := watched(path, sent+end+lastChunk+endMark); got.Passed != want+end+lastChunk+endMark || got.End != io.EOF {
				t.Errorf("%s: passed %q, want %q (the end is %v)", sent, got.Passed, want, got.End)
			}
		}
		if got := watched(PathResponses, sent+end); got.Passed != sent+end {
			t.Errorf("%s of the Responses API: passed %q", sent, got.Passed)
		}
	}
	got := watched(PathChat, `data: {"error":null,"error":{"message":"m","code":429}}`+"\n\n")
	if got.Failure == nil || got.Failure.Kind != schemas.KindRateLimited || strings.Contains(got.Passed, "null") {
		t.Errorf("an error behind another: %v, %q", got.Failure, got.Passed)
	}
}

// Many clients look for the first choice of every chunk.
func TestAUsageChunkIsPassedOnToThoseWhoAskedForIt(t *testing.T) {
	const counted = `"usage":{"prompt_tokens":1,"completion_tokens":2,"total_tokens":3}}` + "\n\n"
	for chunk, dropped := range map[string]bool{
		`data: {"choices":[],` + counted:                                            true,
		"event: x\ndata: {\"choices\":null," + counted:                              true,
		`data: {"error":null,"choices":[],` + counted:                               true,
		`data: {"choices":[{"index":0,"delta":{},"finish_reason":null}],` + counted: false,
		`data: {"choices":[],"usage":null}` + "\n\n":                                false,
		`data: {"choices":[],"prompt_filter_results":[]}` + "\n\n":                  false,
	} {
		kept := strings.Replace(chunk, `"error":null,`, "", 1)
		for _, path := range []string{PathChat, PathCompletions, PathResponses} {
			for _, asked := range []bool{false, true} {
				got := watchedWith(path, partChunk+chunk+lastChunk+chunk+endMark, StreamOptions{IncludeUsage: asked})
				want := partChunk + kept + lastChunk + kept + endMark
				switch {
				case path == PathResponses:
					want = partChunk + chunk + lastChunk + chunk + endMark
				case dropped && !asked:
					want = partChunk + lastChunk + endMark
				}
				if got.Passed != want || got.End != io.EOF {
					t.Errorf("%s, asked %v: passed %q, want %q", path, asked, got.Passed, want)
				}
			}
		}
	}
	open := strings.TrimRight(`data: {"choices":[],`+counted, "\n")
	if got := watched(PathChat, lastChunk+open); got.Passed != lastChunk+endMark {
		t.Errorf("an open one at the end: passed %q", got.Passed)
	}
}

func TestAChunkLosesAnyNumberOfEmptyErrorsAtOnce(t *testing.T) {
	got := watched(PathChat, `data: {`+strings.Repeat(`"error":null,`, 200_000)+`"choices":[]}`+"\n\n")
	if got.Passed != `data: {"choices":[]}`+"\n\n" {
		t.Errorf("passed on %.80q", got.Passed)
	}
	for data, want := range map[string]string{
		`{"error":{}}`: `{}`, `{"a":1, "error":"" ,"b":[2],"error":null}`: `{"a":1 ,"b":[2]}`,
		`{"error":null,"error":0 , "a":1,"error":[]}`: `{"a":1}`,
		`[{"error":null}]`:                            `[{"error":null}]`, `{"error":null,"error":{"message":"m"}}`: `{"error":{"message":"m"}}`,
	} {
		if got := watched(PathChat, "data: "+data+"\n\n"); got.Passed != "data: "+want+"\n\n" {
			t.Errorf("of %s is passed on %q", data, got.Passed)
		}
	}
}

func TestAKeptResponseThatFailedIsPassedOnWithoutTheKey(t *testing.T) {
	const event = "event: response.failed\ndata: {\"type\":\"response.failed\",\"response\":{\"error\":{\"message\":\"for KEY\"}}}\n\n"
	got := watched(PathResponses+"/resp_1", strings.ReplaceAll(event, "KEY", "sk-1"))
	if got.Passed != strings.ReplaceAll(event, "KEY", "***") || got.End != io.EOF {
		t.Errorf("passed on %q, %v", got.Passed, got.End)
	}
}
