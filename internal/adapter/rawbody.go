package adapter

import (
	"bytes"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync/atomic"

	"github.com/tidwall/gjson"

	"bifrost/internal/dialect"
	"bifrost/internal/httpx"
	"bifrost/schemas"
)

// rawBody reads the answer's beginning and returns a body that begins with it: its
// first bytes or, where an error may stand in the place of a result, all that
// Codec.FailureWithin can judge.
func (c *call) rawBody(sight dialect.Sight, resp *httpx.Response, counts bool) (*rawBody, error) {
	b := &rawBody{call: c, body: resp.Body}
	if counts {
		b.ending = &ending{header: resp.Header}
	}
	var err error
	if sight.Object && plain(resp.Header) {
		err = b.readUnlessError(resp)
	} else {
		err = b.readFirst()
	}
	if err == nil {
		b.count(b.head)
	}
	return b, err
}

// plain reports whether an answer is not compressed: none is asked for that is, but
// some are sent.
func plain(h http.Header) bool {
	coding := h.Get("Content-Encoding")
	return coding == "" || strings.EqualFold(coding, "identity")
}

// rawBody is the body of an answer that is no stream.
type rawBody struct {
	call  *call
	body  io.ReadCloser
	head  []byte // read and not delivered
	ended error  // what follows head

	ending *ending // nil: the answer counts no tokens
	usage  atomic.Pointer[schemas.Usage]

	masked bool // head is not what was sent, nor as long
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
	const most = dialect.MaxErrorBody + 1 // as of the body of a refusal: the last byte tells that it is cut
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
	answer := bytes.TrimPrefix(b.head, []byte("\xEF\xBB\xBF"))
	text := bytes.TrimSpace(answer)
	if len(text) > 0 && text[0] == '{' {
		if err := b.call.codec.FailureWithin(answer, b.call.secret); err != nil {
			return err
		}
		b.maskError(answer)
	}
	return noObject(text, b.ended == io.EOF)
}

// maskError masks the credential in an answer that has an error as a part of its result, as
// a failed response of the Responses API has.
func (b *rawBody) maskError(answer []byte) {
	if dialect.Quotes(b.head, b.call.secret) && dialect.Present([]byte(gjson.GetBytes(answer, "error").Raw)) {
		b.head, b.masked = dialect.Masked(b.head, b.call.secret), true
	}
}

// noObject returns nil, or the error for a successful answer that is no JSON
// object: SDKs make an empty answer of some, without an error. It is not judged as
// a parser would: some readers take what JSON does not allow, such as NaN.
func noObject(text []byte, whole bool) error {
	what := ""
	switch {
	case whole && len(text) == 0:
		what = "is empty"
	case len(text) > 0 && text[0] != '{':
		what = "is not a json object"
	case whole && text[len(text)-1] != '}':
		what = "is cut off"
	default:
		return nil
	}
	return &schemas.Error{Kind: schemas.KindUpstream, MayHaveStarted: true,
		Message: "the provider's answer " + what + "; try again, or check network_config.base_url"}
}

func (b *rawBody) Read(p []byte) (int, error) {
	if len(b.head) > 0 {
		n := copy(p, b.head)
		b.head = b.head[n:]
		return n, nil
	}
	if b.ended == nil {
		var n int
		n, b.ended = b.body.Read(p)
		b.count(p[:n])
		if n > 0 {
			return n, nil
		}
	}
	if b.ended != nil && b.ended != io.EOF {
		b.ended = b.call.named(b.ended)
	}
	return 0, b.ended
}

func (b *rawBody) Close() error { return b.body.Close() }
