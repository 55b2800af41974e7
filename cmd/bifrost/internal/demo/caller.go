package demo

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// Headers of the gateway, and the one in which SDKs tell how long they wait.
const (
	headerOrigin  = "X-Bifrost-Origin"
	headerCode    = "X-Bifrost-Code"
	headerTimeout = "X-Stainless-Timeout"
	originGateway = "gateway"
)

// longestAnswer bounds a whole call, whatever becomes of it.
const longestAnswer = 2 * time.Minute

// outcome is what became of a request.
type outcome struct {
	kind outcomeKind
	code string // of a refusal or a failure; empty: none is known
}

type outcomeKind int

const (
	answered outcomeKind = iota
	refused              // by the gateway, which did not ask the provider, or not any more
	failed               // an error of the provider, or a broken answer
	left                 // a time limit was over, the caller's or the gateway's
	cut                  // the load has ended
)

// call makes one request and reads its answer to the end.
func (l *Load) call(running context.Context, baseURL string, c call) outcome {
	o := l.try(running, baseURL, c)
	if o.kind == left && running.Err() != nil {
		o.kind = cut
	}
	return o
}

func (l *Load) try(running context.Context, baseURL string, c call) outcome {
	ctx, cancel := context.WithTimeout(running, longestAnswer)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, baseURL+"/v1/chat/completions", bytes.NewReader(c.body()))
	if err != nil {
		return outcome{failed, "bad_address"}
	}
	r.Header.Set("Content-Type", "application/json")
	if c.hurried {
		// SDKs round down to a whole second.
		r.Header.Set(headerTimeout, strconv.Itoa(int(impatience.Seconds())-1))
	}
	resp, err := l.opts.Doer.Do(r)
	if err != nil {
		return broken(ctx)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		_, _ = io.Copy(io.Discard, resp.Body) // so that the connection can be used again
		return refusalOf(resp)
	}
	complete := readWhole
	if c.streamed {
		complete = readStream
	}
	if !complete(resp.Body) {
		return broken(ctx)
	}
	return outcome{kind: answered}
}

// broken is an answer without an end. When ctx has ended, that is why.
func broken(ctx context.Context) outcome {
	if ctx.Err() != nil {
		return outcome{kind: left}
	}
	return outcome{failed, "broken_answer"}
}

// refusalOf reads who has refused, and why.
func refusalOf(resp *http.Response) outcome {
	o := outcome{failed, resp.Header.Get(headerCode)}
	switch {
	case resp.StatusCode == http.StatusGatewayTimeout:
		o.kind = left // its time was over
	case resp.Header.Get(headerOrigin) == originGateway:
		o.kind = refused
	}
	return o
}

func readWhole(body io.Reader) bool {
	text, err := io.ReadAll(body)
	return err == nil && bytes.HasPrefix(bytes.TrimSpace(text), []byte("{"))
}

// readStream reports whether the stream has its end mark, and no error before it.
func readStream(body io.Reader) bool {
	lines := bufio.NewReader(body)
	for {
		line, err := lines.ReadString('\n')
		switch {
		case strings.HasPrefix(line, "data: [DONE]"):
			_, err = io.Copy(io.Discard, lines)
			return err == nil
		case strings.HasPrefix(line, `data: {"error"`):
			return false
		case errors.Is(err, io.EOF), err != nil:
			return false
		}
	}
}
