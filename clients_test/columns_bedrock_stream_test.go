package clients_test

import (
	"encoding/json"
	"net/http"

	"github.com/aws/aws-sdk-go-v2/aws/protocol/eventstream"
)

// stream answers ConverseStream, in the order of
// https://docs.aws.amazon.com/bedrock/latest/userguide/conversation-inference-call.html:
// only a toolUse has a contentBlockStart.
func (s *bedrockServer) stream(w http.ResponseWriter, r *http.Request, ask map[string]any, in *converse, stopped string) {
	ask["stream"], ask["stream_options"] = true, map[string]any{"include_usage": true}
	got := s.model.ask(r.Context(), "/v1/chat/completions", ask)
	defer got.body.Close()
	if f := got.fault(); f != nil {
		bedrockFails(w, f)
		return
	}
	w.Header().Set("Content-Type", "application/vnd.amazon.eventstream")
	out := &converseStream{w: w, server: s, in: in, stopped: stopped, block: -1}
	out.event("messageStart", map[string]any{"role": "assistant"})
	if err := got.heard(out.chunk); err != nil {
		out.send("exception", "modelStreamErrorException", map[string]any{"message": err.Error()})
		return
	}
	out.end()
}

// converseStream writes the frames of an answer.
type converseStream struct {
	w       http.ResponseWriter
	server  *bedrockServer
	in      *converse
	stopped string

	block    int    // the one that is open, or was
	kind     string // of the block; "" if none is open
	call     int    // that of the block
	thought  string
	finish   string
	refused  bool
	counters *counted
}

func (c *converseStream) chunk(t told) error {
	if t.Usage != nil {
		c.counters = t.Usage
	}
	if len(t.Choices) == 0 {
		return nil
	}
	d := t.Choices[0].Delta
	if d.Reasoning != "" {
		c.open("reasoning", 0)
		c.thought += d.Reasoning
		if !c.in.hidden() {
			c.delta(map[string]any{"reasoningContent": map[string]any{"text": d.Reasoning}})
		}
	}
	if signature := d.signature(); signature != "" {
		if c.in.hidden() {
			c.thought = ""
		}
		c.server.sign(signature, c.thought)
		c.open("reasoning", 0)
		c.delta(map[string]any{"reasoningContent": map[string]any{"signature": signature}})
	}
	if text := d.Content + d.Refusal; text != "" {
		c.refused = c.refused || d.Refusal != ""
		c.open("text", 0)
		c.delta(map[string]any{"text": text})
	}
	for _, call := range d.ToolCalls {
		if c.open("toolUse", call.Index) {
			c.event("contentBlockStart", map[string]any{"contentBlockIndex": c.block,
				"start": map[string]any{"toolUse": map[string]any{"toolUseId": call.ID, "name": call.Function.Name}}})
		}
		if call.Function.Arguments != "" {
			c.delta(map[string]any{"toolUse": map[string]any{"input": call.Function.Arguments}})
		}
	}
	if t.Choices[0].FinishReason != "" {
		c.finish = t.Choices[0].FinishReason
	}
	return nil
}

// open opens a block of a kind, unless it is open, and reports whether it did.
func (c *converseStream) open(kind string, call int) bool {
	if c.kind == kind && c.call == call {
		return false
	}
	c.close()
	c.block++
	c.kind, c.call = kind, call
	return true
}

func (c *converseStream) close() {
	if c.kind != "" {
		c.event("contentBlockStop", map[string]any{"contentBlockIndex": c.block})
	}
	c.kind = ""
}

func (c *converseStream) delta(d map[string]any) {
	c.event("contentBlockDelta", map[string]any{"contentBlockIndex": c.block, "delta": d})
}

func (c *converseStream) end() {
	c.close()
	said := saying{}
	if c.refused {
		said.Refusal = "yes"
	}
	stop := map[string]any{"stopReason": bedrockReason(c.finish, said, c.stopped)}
	if more := c.in.more(c.stopped); more != nil {
		stop["additionalModelResponseFields"] = more
	}
	c.event("messageStop", stop)
	c.event("metadata", map[string]any{"usage": bedrockUsage(c.counters), "metrics": map[string]any{"latencyMs": 1}})
}

func (c *converseStream) event(name string, payload map[string]any) {
	payload["p"] = "abcdefgh" // against those who listen to lengths
	c.send("event", name, payload)
}

// send writes a frame
// (https://docs.aws.amazon.com/AmazonS3/latest/API/RESTSelectObjectAppendix.html).
func (c *converseStream) send(kind, name string, payload map[string]any) {
	data, err := json.Marshal(payload)
	if err != nil {
		panic("bug: " + err.Error()) // it is made of maps
	}
	m := eventstream.Message{Payload: data}
	m.Headers.Set(":message-type", eventstream.StringValue(kind))
	m.Headers.Set(":"+kind+"-type", eventstream.StringValue(name))
	m.Headers.Set(":content-type", eventstream.StringValue("application/json"))
	_ = eventstream.NewEncoder().Encode(c.w, m) // the client may have gone
	_ = http.NewResponseController(c.w).Flush() // likewise
}
