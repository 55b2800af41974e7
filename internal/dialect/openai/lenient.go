package openai

import (
	"encoding/json"
	"math"
	"strings"

	"bifrost/schemas"

	"github.com/tidwall/gjson"
)

// lenientInt reads a number that some providers write as a fraction, as text or
// as null; what is no number is 0.
type lenientInt int64

// UnmarshalJSON implements json.Unmarshaler.
func (n *lenientInt) UnmarshalJSON(data []byte) error {
	*n = lenientNumber(gjson.ParseBytes(data))
	return nil
}

func lenientNumber(v gjson.Result) lenientInt {
	if f := v.Float(); !math.IsNaN(f) && math.Abs(f) < 1<<62 {
		return lenientInt(f)
	}
	return 0
}

// lenientText reads text that some providers write as an array of parts; parts
// that are not text, and any other value, add nothing.
type lenientText string

// UnmarshalJSON implements json.Unmarshaler.
func (s *lenientText) UnmarshalJSON(data []byte) error {
	*s = ""
	if len(data) == 0 {
		return nil
	}
	switch data[0] {
	case '"':
		return json.Unmarshal(data, (*string)(s))
	case '[':
		var text strings.Builder
		for _, part := range gjson.ParseBytes(data).Array() {
			if part.Get("type").Str == "text" {
				text.WriteString(textOf(part.Get("text")))
			}
		}
		*s = lenientText(text.String())
	}
	return nil
}

// lenientDetails are pieces of reasoning; what is of another form is left out, since
// the text of the reasoning is beside it.
type lenientDetails []schemas.ReasoningDetail

// UnmarshalJSON implements json.Unmarshaler.
func (d *lenientDetails) UnmarshalJSON(data []byte) error {
	var details []schemas.ReasoningDetail
	if json.Unmarshal(data, &details) == nil {
		*d = details
	}
	return nil
}
