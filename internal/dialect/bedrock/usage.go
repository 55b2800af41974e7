package bedrock

import (
	"bytes"
	"encoding/json"
	"mime"
	"net/http"
	"strconv"

	"bifrost/internal/dialect"
	"bifrost/schemas"
)

// The headers in which the answer of a model that was asked in its maker's words counts
// tokens.
const (
	headerInput  = "X-Amzn-Bedrock-Input-Token-Count"
	headerOutput = "X-Amzn-Bedrock-Output-Token-Count"
)

// Usage implements dialect.Codec. Of a stream it is in the last frame.
func (Codec) Usage(header http.Header, answer dialect.Ending) *schemas.Usage {
	var in usage
	data := answer.Object("usage")
	if media, _, err := mime.ParseMediaType(header.Get("Content-Type")); err == nil && media == StreamType {
		data = inLastFrame(answer.Data)
	}
	if len(data) > 0 && json.Unmarshal(data, &in) == nil && in.InputTokens+in.OutputTokens > 0 {
		return in.canonical()
	}
	in.InputTokens, _ = strconv.Atoi(header.Get(headerInput)) // absent: 0
	in.OutputTokens, _ = strconv.Atoi(header.Get(headerOutput))
	if in.InputTokens+in.OutputTokens == 0 {
		return nil
	}
	return in.canonical()
}

// inLastFrame returns the usage that the event "metadata" has, which is the last of a
// stream; nil if it is not there.
func inLastFrame(data []byte) []byte {
	begin := bytes.LastIndex(data, []byte("metadata"))
	if begin < 0 {
		return nil
	}
	payload := data[begin:]
	at := bytes.IndexByte(payload, '{')
	if at < 0 {
		return nil
	}
	var in struct {
		Usage json.RawMessage `json:"usage"`
	}
	if json.NewDecoder(bytes.NewReader(payload[at:])).Decode(&in) != nil {
		return nil
	}
	return in.Usage
}
