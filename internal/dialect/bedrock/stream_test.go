package bedrock_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"reflect"
	"strings"
	"testing"
	"testing/iotest"

	"pgregory.net/rapid"

	"bifrost/schemas"
)

const end = "messageStop {\"stopReason\":\"end_turn\"}\nmetadata {\"usage\":{\"inputTokens\":1,\"outputTokens\":2}}\n"

func TestAStreamIsReadAsTheGoldenFileHasIt(t *testing.T) {
	all, err := chunks(bytes.NewReader(streamOf(read(t, "stream.txt"))))
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "stream_canonical.json", all)
}

func TestHowAStreamIsCutIntoReadsDoesNotMatter(t *testing.T) {
	stream := streamOf(read(t, "stream.txt"))
	want, err := chunks(bytes.NewReader(stream))
	if err != nil {
		t.Fatal(err)
	}
	got, err := chunks(iotest.OneByteReader(bytes.NewReader(stream)))
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("got %v, %v", got, err)
	}
}

func TestUsageIsInTheLastChunkThoughNobodyAskedForIt(t *testing.T) {
	all, err := chunks(bytes.NewReader(streamOf("contentBlockDelta {\"delta\":{\"text\":\"a\"}}\n" + end)))
	if err != nil {
		t.Fatal(err)
	}
	if last := all[len(all)-1]; last.Usage == nil || len(last.Choices) > 0 {
		t.Errorf("got %+v", last)
	}
}

func TestAStreamThatEndsBeforeItsStopReasonIsAnUpstreamError(t *testing.T) {
	whole := streamOf(read(t, "stream.txt"))
	complete := len(whole) - len(streamOf(lastLine(read(t, "stream.txt"))))
	for n := range whole {
		_, err := chunks(bytes.NewReader(whole[:n]))
		if n == complete {
			if err != nil {
				t.Errorf("after the stop reason: %v", err)
			}
			continue
		}
		var e *schemas.Error
		if !errors.As(err, &e) || e.Kind != schemas.KindUpstream || !e.MayHaveStarted {
			t.Fatalf("after %d bytes: got %v", n, err)
		}
	}
}

func lastLine(text string) string {
	text = strings.TrimSpace(text)
	return text[strings.LastIndexByte(text, '\n')+1:]
}

func TestAnErrorOfTheSourceIsReturnedAsItIs(t *testing.T) {
	own := &schemas.Error{Kind: schemas.KindCanceled}
	stream := streamOf(read(t, "stream.txt"))
	for _, n := range []int{0, 3, 7, 13, 40, len(stream) / 2} {
		if _, err := chunks(io.MultiReader(bytes.NewReader(stream[:n]), iotest.ErrReader(own))); err != error(own) {
			t.Errorf("after %d bytes: got %v", n, err)
		}
	}
}

func TestAnExceptionInAStreamHasItsKind(t *testing.T) {
	hello := event("contentBlockDelta", `{"delta":{"text":"a"}}`)
	for _, c := range []struct {
		kind, name, payload string
		want                schemas.ErrorKind
		status              int
	}{
		{"exception", "throttlingException", `{"message":"words sk-invented"}`, schemas.KindRateLimited, 429},
		{"exception", "validationException", `{"message":"words"}`, schemas.KindInvalidRequest, 400},
		{"exception", "serviceUnavailableException", `{"message":"words"}`, schemas.KindUpstream, 503},
		{"exception", "internalServerException", `{"message":"words"}`, schemas.KindUpstream, 500},
		{"exception", "modelStreamErrorException", `{"message":"words","originalStatusCode":429}`, schemas.KindRateLimited, 429},
		{"exception", "modelTimeoutException", `{"message":"words"}`, schemas.KindTimeout, 408},
		{"exception", "unheardOfException", `no json`, schemas.KindUpstream, 500},
		{"error", "InternalFailure", ``, schemas.KindUpstream, 500},
	} {
		_, err := chunks(bytes.NewReader(append(hello, frame(c.kind, c.name, c.payload)...)))
		var e *schemas.Error
		if !errors.As(err, &e) || e.Kind != c.want || e.StatusCode != c.status || !e.MayHaveStarted {
			t.Errorf("%s: got %#v", c.name, err)
			continue
		}
		if strings.Contains(e.Error(), "words") || e.Upstream == nil || bytes.Contains(e.Upstream.Body, []byte("sk-invented")) {
			t.Errorf("%s: got %v, %s", c.name, e, e.Upstream.Body)
		}
	}
}

func TestADamagedFrameIsAnUpstreamError(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		stream := streamOf("contentBlockDelta {\"delta\":{\"text\":\"a\"}}\n" + end)
		at := rapid.IntRange(0, len(stream)-1).Draw(t, "at")
		stream[at] ^= byte(rapid.IntRange(1, 255).Draw(t, "by"))
		if _, err := chunks(bytes.NewReader(stream)); !errors.Is(err, schemas.ErrUpstream) && err != nil {
			t.Fatalf("got %v", err)
		} else if err == nil && at < len(stream)-len(streamOf(lastLine(end))) {
			t.Fatal("a damaged frame was taken for a whole one")
		}
	})
}

func FuzzStream(f *testing.F) {
	f.Add(streamOf(read(f, "stream.txt")))
	f.Add(frame("exception", "throttlingException", `{"message":"m"}`))
	f.Add(frame("error", "InternalFailure", ""))
	f.Add([]byte("data: {}\n\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		all, err := chunks(bytes.NewReader(data))
		var e *schemas.Error
		if err != nil && !errors.As(err, &e) {
			t.Errorf("got %T", err)
		}
		finished := false
		for _, c := range all {
			if _, err := json.Marshal(c); err != nil {
				t.Error(err)
			}
			finished = finished || len(c.Choices) > 0 && c.Choices[0].FinishReason != nil
		}
		if err == nil && !finished {
			t.Error("a stream without a finish reason was taken for complete")
		}
	})
}

func FuzzEvent(f *testing.F) {
	for line := range strings.Lines(read(f, "stream.txt")) {
		name, payload, _ := strings.Cut(strings.TrimSpace(line), " ")
		f.Add(name, payload)
	}
	f.Fuzz(func(t *testing.T, name, payload string) {
		if len(name) > 200 {
			return
		}
		stream := append(frame("event", name, payload), streamOf(end)...)
		var e *schemas.Error
		if _, err := chunks(bytes.NewReader(stream)); err != nil && !errors.As(err, &e) {
			t.Errorf("got %T", err)
		}
	})
}
