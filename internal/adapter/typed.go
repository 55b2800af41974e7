package adapter

import (
	"time"

	"bifrost/internal/httpx"
	"bifrost/schemas"
)

// typed makes a call in the canonical form.
func (c *call) typed(req *schemas.Request) (*schemas.Response, error) {
	call, dropped, err := c.codec.Encode(req)
	if err != nil {
		return nil, err
	}
	accept := "application/json"
	switch req.Operation {
	case schemas.OperationChatStream:
		accept = "text/event-stream"
	case schemas.OperationSpeech:
		accept = "*/*"
	}
	resp, err := c.send(call, c.header(call, accept))
	if err != nil {
		return nil, err
	}
	out, err := c.answer(req, resp)
	if err != nil {
		return nil, err
	}
	out.Dropped = dropped
	return out, nil
}

// answer reads a successful answer, or the beginning of one that streams.
func (c *call) answer(req *schemas.Request, resp *httpx.Response) (*schemas.Response, error) {
	switch req.Operation {
	case schemas.OperationChatStream:
		return c.chatStream(req, resp)
	case schemas.OperationSpeech:
		return c.sound(resp)
	}
	body, err := read(resp)
	if err != nil {
		return nil, err
	}
	out, err := c.codec.Decode(req, resp.Header, body, c.secret)
	if err == nil && out.Chat != nil && out.Chat.Created == 0 {
		out.Chat.Created = time.Now().Unix()
	}
	return out, err
}

// sound returns an answer that is no text, once its first bytes are there.
func (c *call) sound(resp *httpx.Response) (*schemas.Response, error) {
	out := &schemas.RawResponse{StatusCode: resp.StatusCode, Header: c.answered(resp.Header)}
	switch mediaType(resp.Header) {
	case "application/json", "text/html", "text/event-stream":
		return nil, c.noAnswer(resp, "the provider answered a request for sound with text; check the model and network_config.base_url")
	}
	b := &rawBody{call: c, body: resp.Body}
	out.Body = b
	if err := b.readFirst(); err != nil {
		_ = resp.Body.Close()
		return nil, err
	}
	return &schemas.Response{Raw: out}, nil
}

// noAnswer reads and closes a successful answer that is none, and returns the error
// within, or one that says message.
func (c *call) noAnswer(resp *httpx.Response, message string) error {
	body, err := read(resp)
	if err != nil {
		return err
	}
	if err := c.codec.FailureWithin(body, c.secret); err != nil {
		return err
	}
	return &schemas.Error{Kind: schemas.KindUpstream, MayHaveStarted: true, Message: message}
}
