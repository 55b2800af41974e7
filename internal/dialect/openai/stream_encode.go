package openai

import (
	"bytes"
	"encoding/json"

	"github.com/tidwall/gjson"

	"bifrost/internal/wire"
	"bifrost/schemas"
)

// AppendChunk appends a chunk as an event to dst and returns it. Choices is
// never null, and every tool call has an index. The chunk is not modified.
func AppendChunk(dst []byte, chunk *schemas.ChatChunk) ([]byte, error) {
	out := *chunk
	out.Object = "chat.completion.chunk"
	out.Choices = make([]schemas.ChunkChoice, len(chunk.Choices))
	for i, c := range chunk.Choices {
		c.Delta.ToolCalls = indexed(c.Delta.ToolCalls)
		out.Choices[i] = c
	}
	data, err := json.Marshal(&out)
	if err != nil {
		return dst, &schemas.Error{Kind: schemas.KindInternal, Message: "a chunk cannot be written as json", Err: err}
	}
	return wire.AppendEvent(dst, "", data), nil
}

// indexed returns the calls, each with an index: its own, or its place.
func indexed(calls []schemas.ToolCall) []schemas.ToolCall {
	out := make([]schemas.ToolCall, 0, len(calls))
	for i, call := range calls {
		if call.Index == nil {
			call.Index = &i
		}
		out = append(out, call)
	}
	return out
}

// AppendEnd appends the end mark of a stream to dst and returns it.
func AppendEnd(dst []byte) []byte {
	return wire.AppendEvent(dst, "", []byte(EndOfStream))
}

// AppendStreamError appends an error as the last event of a stream to dst and
// returns it. No end mark may follow it: clients take the error as the end.
func AppendStreamError(dst []byte, err error) []byte {
	_, _, body := ErrorReply(err)
	// Upstream's own body may have members beside "error", and line breaks.
	data := []byte(`{"error":` + gjson.GetBytes(body, "error").Raw + `}`)
	var line bytes.Buffer
	if json.Compact(&line, data) == nil {
		data = line.Bytes()
	}
	return wire.AppendEvent(dst, "", data)
}
