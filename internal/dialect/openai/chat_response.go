package openai

import (
	"encoding/json"
	"strconv"

	"github.com/tidwall/gjson"

	"bifrost/internal/dialect"
	"bifrost/schemas"
)

// DecodeChatResponse reads a whole answer. key is the used credential, masked in
// an error that the answer may carry instead of choices.
func DecodeChatResponse(data []byte, key string) (*schemas.ChatResponse, error) {
	if err := ErrorWithin(data, key); err != nil {
		return nil, err
	}
	in := struct {
		*schemas.ChatResponse
		Created lenientInt `json:"created"`
	}{ChatResponse: &schemas.ChatResponse{}}
	if err := json.Unmarshal(data, &in); err != nil {
		return nil, dialect.BadAnswer("the answer is not a chat completion; check network_config.base_url and the provider's type")
	}
	resp := in.ChatResponse
	resp.Created = int64(in.Created)
	if resp.Choices == nil {
		return nil, dialect.BadAnswer("the answer has no choices; check network_config.base_url and the provider's type")
	}
	for i := range resp.Choices {
		c := &resp.Choices[i]
		c.FinishReason = finishReason(c.FinishReason)
		if c.Message.Reasoning == "" {
			// The other name under which providers show it.
			c.Message.Reasoning = textOf(gjson.GetBytes(data, "choices."+strconv.Itoa(i)+".message.reasoning"))
		}
	}
	return resp, nil
}

// EncodeChatResponse writes a whole answer as clients of the dialect expect it:
// choices is never null, content is present even if null.
func EncodeChatResponse(resp *schemas.ChatResponse) ([]byte, error) {
	type message struct {
		schemas.ChatMessage
		Content *schemas.Content `json:"content"`
	}
	type choice struct {
		schemas.ChatChoice
		Message message `json:"message"`
	}
	out := struct {
		*schemas.ChatResponse
		Object  string   `json:"object"`
		Choices []choice `json:"choices"`
	}{ChatResponse: resp, Object: "chat.completion", Choices: make([]choice, len(resp.Choices))}
	for i, c := range resp.Choices {
		out.Choices[i] = choice{ChatChoice: c, Message: message{ChatMessage: c.Message, Content: c.Message.Content}}
	}
	return json.Marshal(out)
}

// finishReason maps the words of some providers to the dialect's own.
func finishReason(reason string) string {
	switch reason {
	case "eos": // Together
		return "stop"
	case "model_length": // Mistral
		return "length"
	}
	return reason
}

// textOf returns a string's text, and "" for any other kind of value.
func textOf(v gjson.Result) string {
	if v.Type == gjson.String {
		return v.Str
	}
	return ""
}
