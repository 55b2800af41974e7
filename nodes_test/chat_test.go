//go:build linux

package nodes_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
)

// answer is what a gateway said.
type answer struct {
	status int
	header http.Header
	body   string
}

// chat asks the node's gateway for a chat completion. The prompt is read by an upstream
// (see wish). An error is one of the connection to the gateway.
func (n *node) chat(ctx context.Context, model, prompt string) (answer, error) {
	resp, err := n.post(ctx, model, prompt, false)
	if err != nil {
		return answer{}, err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	return answer{resp.StatusCode, resp.Header, string(body)}, err
}

// get asks the node's gateway for a page, such as /readyz.
func (n *node) get(ctx context.Context, path string) (answer, error) {
	return n.getAt(ctx, n.url(path))
}

// metrics asks the node's admin listener for what Prometheus reads.
func (n *node) metrics(t *testing.T) (answer, error) {
	t.Helper()
	const says = "its dashboard is at "
	n.log.await(t, says)
	lines := n.log.lines(says) // one for each start
	return n.getAt(t.Context(), strings.Replace(strings.TrimPrefix(lines[len(lines)-1], says), "/ui/", "/metrics", 1))
}

func (n *node) getAt(ctx context.Context, url string) (answer, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return answer{}, err
	}
	resp, err := n.client.Do(r)
	if err != nil {
		return answer{}, err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	return answer{resp.StatusCode, resp.Header, string(body)}, err
}

// stream is a chat whose answer comes in pieces. Whoever has it reads it to its end or
// closes it.
type stream struct {
	io.Closer
	status int
	header http.Header
	lines  *bufio.Reader
}

// stream asks the node's gateway for a stream. It returns when the answer has begun.
func (n *node) stream(ctx context.Context, model, prompt string) (*stream, error) {
	resp, err := n.post(ctx, model, prompt, true)
	if err != nil {
		return nil, err
	}
	return &stream{resp.Body, resp.StatusCode, resp.Header, bufio.NewReader(resp.Body)}, nil
}

// next returns the data of the next event: "[DONE]" for the end mark, and io.EOF after it.
func (s *stream) next() (string, error) {
	for {
		line, err := s.lines.ReadString('\n')
		if data, ok := strings.CutPrefix(line, "data: "); ok && err == nil {
			return strings.TrimSpace(data), nil
		}
		if err != nil {
			return "", err
		}
	}
}

// rest reads to the end and returns how many events there were before the end mark, and
// whether that came.
func (s *stream) rest() (events int, done bool, err error) {
	defer s.Close()
	for {
		data, err := s.next()
		switch {
		case err == io.EOF:
			return events, done, nil
		case err != nil:
			return events, done, err
		case data == "[DONE]":
			done = true
		default:
			events++
		}
	}
}

func (n *node) post(ctx context.Context, model, prompt string, stream bool) (*http.Response, error) {
	body, err := json.Marshal(map[string]any{"model": model, "stream": stream,
		"messages": []any{map[string]string{"role": "user", "content": prompt}}})
	if err != nil {
		return nil, err
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, n.url("/v1/chat/completions"), bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	r.Header.Set("Content-Type", "application/json")
	resp, err := n.client.Do(r)
	if err != nil {
		return nil, fmt.Errorf("ask %s: %w", n.name, err)
	}
	return resp, nil
}
