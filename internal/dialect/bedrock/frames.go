package bedrock

import (
	"bufio"
	"io"

	"github.com/aws/aws-sdk-go-v2/aws/protocol/eventstream"

	"bifrost/internal/dialect"
)

// frame is one message of an event stream. Its payload is valid until the next.
// https://docs.aws.amazon.com/AmazonS3/latest/API/RESTSelectObjectAppendix.html
type frame struct {
	kind    string // "event", "exception" or "error"
	name    string // of the event, exception or error
	text    string // of an error, which has no payload
	payload []byte
}

// frames reads the frames of a stream.
type frames struct {
	src    *noting
	buf    *bufio.Reader
	dec    *eventstream.Decoder
	memory []byte
}

func newFrames(src io.Reader) *frames {
	n := &noting{src: src}
	return &frames{src: n, buf: bufio.NewReader(n), dec: eventstream.NewDecoder()}
}

// next returns the next frame. At the end of the source, between two frames, it
// returns io.EOF; an error of the source is returned as it is.
func (f *frames) next() (frame, error) {
	if _, err := f.buf.Peek(1); err != nil {
		return frame{}, err
	}
	m, err := f.dec.Decode(f.buf, f.memory)
	switch {
	case err == nil:
	case f.src.err == io.EOF || f.src.err == nil:
		return frame{}, dialect.BadAnswer("the stream broke off within a frame, or is not made of frames; try again, or check network_config.base_url")
	default:
		return frame{}, f.src.err
	}
	f.memory = m.Payload[:0]
	out := frame{kind: text(m, ":message-type"), payload: m.Payload}
	switch out.kind {
	case "exception":
		out.name = text(m, ":exception-type")
	case "error":
		out.name, out.text = text(m, ":error-code"), text(m, ":error-message")
	default:
		out.name = text(m, ":event-type")
	}
	return out, nil
}

// text returns a header's text; "" if there is none.
func text(m eventstream.Message, name string) string {
	if v, ok := m.Headers.Get(name).(eventstream.StringValue); ok {
		return string(v)
	}
	return ""
}

// noting notes how its source ended: the decoder may say so in words of its own.
type noting struct {
	src io.Reader
	err error
}

func (n *noting) Read(p []byte) (int, error) {
	got, err := n.src.Read(p)
	if err != nil {
		n.err = err
	}
	return got, err
}
