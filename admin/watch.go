package admin

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"mime"
	"net/http"
	"net/url"
	"time"
)

// errEnded is that the gateway has closed the events.
var errEnded = errors.New("the events have ended; the gateway stops, or was too slow to read")

// Events yields a snapshot at once and then one per interval, from 250 ms to a minute. It
// ends when the loop is left, or with an error: when ctx ends, its cause; when the gateway
// stops, an *UnreachableError, after which a later call may succeed.
func (c *Client) Events(ctx context.Context, interval time.Duration) iter.Seq2[State, error] {
	return func(yield func(State, error) bool) {
		ctx, cancel := context.WithCancel(ctx)
		defer cancel()
		resp, err := c.do(ctx, http.MethodGet, "/api/v1/events?interval="+url.QueryEscape(interval.String()), nil)
		if err != nil {
			yield(State{}, err)
			return
		}
		defer resp.Body.Close()
		if kind, _, _ := mime.ParseMediaType(resp.Header.Get("Content-Type")); kind != eventStream {
			yield(State{}, c.stranger(resp))
			return
		}
		err = readEvents(resp.Body, func(s State) bool { return yield(s, nil) })
		switch {
		case err == nil: // the loop was left
		case ctx.Err() != nil:
			yield(State{}, context.Cause(ctx))
		default:
			yield(State{}, &UnreachableError{c.base, err})
		}
	}
}

// readEvents hands over each snapshot, until take returns false (then its error is nil)
// or the stream ends.
func readEvents(r io.Reader, take func(State) bool) error {
	lines := bufio.NewScanner(r)
	lines.Buffer(make([]byte, 0, 64<<10), maxAnswerBytes)
	for lines.Scan() {
		data, ok := bytes.CutPrefix(lines.Bytes(), []byte("data:"))
		if !ok {
			continue // the event's name, and the empty line behind it
		}
		var s State
		if err := json.Unmarshal(data, &s); err != nil {
			return fmt.Errorf("an event is not what this version understands; are both of the same version? %w", err)
		}
		if !take(s) {
			return nil
		}
	}
	if err := lines.Err(); err != nil {
		return err
	}
	return errEnded
}
