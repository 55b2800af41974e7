package openaicompat

import (
	"bytes"
	"io"
	"strconv"

	"bifrost/internal/dialect/openai"
	"bifrost/internal/httpx"
	"bifrost/schemas"
)

// rawBody reads the answer's beginning and returns a body that begins with it: its
// first bytes or, where an error may stand in the place of a result, all that
// ErrorWithin can judge.
func (c *call) rawBody(req *schemas.RawRequest, resp *httpx.Response) (io.ReadCloser, error) {
	b := &rawBody{call: c, body: resp.Body}
	if mayCarryError(req.Path) {
		return b, b.readUnlessError(resp)
	}
	return b, b.readFirst()
}

// mayCarryError reports whether a successful answer to a call of path is none if it
// has an "error" member. In the Responses API it is a part of every answer.
func mayCarryError(path string) bool {
	switch path {
	case openai.PathChat, openai.PathCompletions, openai.PathEmbeddings:
		return true
	}
	return false
}

// rawBody is the body of an answer that is no stream.
type rawBody struct {
	call  *call
	body  io.ReadCloser
	head  []byte // read and not delivered
	ended error  // what follows head
}

// readFirst reads the first bytes.
func (b *rawBody) readFirst() error {
	buf := make([]byte, 4<<10)
	for len(b.head) == 0 && b.ended == nil {
		n, err := b.body.Read(buf)
		b.head, b.ended = buf[:n], err
	}
	if len(b.head) == 0 && b.ended != io.EOF {
		return b.ended
	}
	return nil
}

// readUnlessError reads all of the answer, or of a long one its beginning, and
// returns the error that it carries. One that breaks off before can still be tried
// again.
func (b *rawBody) readUnlessError(resp *httpx.Response) error {
	const most = openai.MaxErrorBody + 1 // as of the body of a refusal: the last byte tells that it is cut
	var head bytes.Buffer
	if length, err := strconv.Atoi(resp.Header.Get("Content-Length")); err == nil && length > 0 {
		head.Grow(min(length, most) + bytes.MinRead)
	}
	if _, err := head.ReadFrom(io.LimitReader(b.body, most)); err != nil {
		return err
	}
	b.head = head.Bytes()
	if len(b.head) < most {
		b.ended = io.EOF
	}
	if text := bytes.TrimLeft(b.head, " \t\r\n"); len(text) > 0 && text[0] == '{' {
		return openai.ErrorWithin(b.head, b.call.key)
	}
	return nil
}

func (b *rawBody) Read(p []byte) (int, error) {
	if len(b.head) > 0 {
		n := copy(p, b.head)
		b.head = b.head[n:]
		return n, nil
	}
	if b.ended == nil {
		var n int
		if n, b.ended = b.body.Read(p); n > 0 {
			return n, nil
		}
	}
	if b.ended != nil && b.ended != io.EOF {
		b.ended = b.call.named(b.ended)
	}
	return 0, b.ended
}

func (b *rawBody) Close() error { return b.body.Close() }
