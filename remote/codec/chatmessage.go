package codec

import (
	"bifrost/remote/bifrostv1"
	"bifrost/schemas"
)

// chatMessageForm is a chat's request as a bifrostv1.ChatRequest.
var chatMessageForm = form{
	encode: func(r *schemas.Request) ([]byte, error) {
		if r.Chat == nil {
			return nil, nil
		}
		return marshalMessage(encodeChatRequest(r.Chat))
	},
	decode: func(r *schemas.Request, body []byte) error {
		m := &bifrostv1.ChatRequest{}
		if err := unmarshalMessage(body, m); err != nil {
			return err
		}
		if err := checkChatRequest(m); err != nil {
			return err
		}
		r.Chat = decodeChatRequest(m)
		return nil
	},
}

func encodeChatRequest(s *schemas.ChatRequest) *bifrostv1.ChatRequest {
	m := &bifrostv1.ChatRequest{
		Model: text(s.Model), Messages: encodeList(s.Messages, encodeMessage), NoMessages: s.Messages == nil,
		Tools: encodeList(s.Tools, encodeTool), ParallelToolCalls: s.ParallelToolCalls,
		MaxCompletionTokens: wide(s.MaxCompletionTokens), MaxTokens: wide(s.MaxTokens),
		Temperature: s.Temperature, TopP: s.TopP, TopK: wide(s.TopK),
		FrequencyPenalty: s.FrequencyPenalty, PresencePenalty: s.PresencePenalty,
		N: wide(s.N), Seed: s.Seed, Stop: texts(s.Stop), ReasoningEffort: text(s.ReasoningEffort),
		Logprobs: s.Logprobs, TopLogprobs: wide(s.TopLogprobs), User: text(s.User),
		IncludeUsage: s.IncludeUsage, Extra: encodeExtra(s.Extra),
	}
	if c := s.ToolChoice; c != nil {
		m.ToolChoice = &bifrostv1.ToolChoice{Function: text(c.Function)}
		if c.Function == "" {
			m.ToolChoice.Mode = text(c.Mode)
		}
	}
	if f := s.ResponseFormat; f != nil {
		m.ResponseFormat = &bifrostv1.ResponseFormat{Type: text(f.Type), JsonSchema: f.JSONSchema}
	}
	if t := s.Thinking; t != nil {
		m.Thinking = &bifrostv1.Thinking{Off: t.Off, Budget: int64(t.Budget), Hidden: t.Hidden}
	}
	return m
}

func decodeChatRequest(m *bifrostv1.ChatRequest) *schemas.ChatRequest {
	s := &schemas.ChatRequest{
		Model: m.GetModel(), Messages: decodeEmpty(decodeList(m.GetMessages(), decodeMessage), m.GetNoMessages()),
		Tools: decodeList(m.GetTools(), decodeTool), ParallelToolCalls: m.ParallelToolCalls,
		MaxCompletionTokens: narrow(m.MaxCompletionTokens), MaxTokens: narrow(m.MaxTokens),
		Temperature: m.Temperature, TopP: m.TopP, TopK: narrow(m.TopK),
		FrequencyPenalty: m.FrequencyPenalty, PresencePenalty: m.PresencePenalty,
		N: narrow(m.N), Seed: m.Seed, Stop: m.GetStop(), ReasoningEffort: m.GetReasoningEffort(),
		Logprobs: m.Logprobs, TopLogprobs: narrow(m.TopLogprobs), User: m.GetUser(),
		IncludeUsage: m.GetIncludeUsage(), Extra: decodeExtra(m.GetExtra()),
	}
	if c := m.GetToolChoice(); c != nil {
		s.ToolChoice = &schemas.ToolChoice{Function: c.GetFunction()}
		if c.GetFunction() == "" {
			s.ToolChoice.Mode = c.GetMode()
		}
	}
	if f := m.GetResponseFormat(); f != nil {
		s.ResponseFormat = &schemas.ResponseFormat{Type: f.GetType(), JSONSchema: rawJSON(f.GetJsonSchema())}
	}
	if t := m.GetThinking(); t != nil {
		s.Thinking = &schemas.Thinking{Off: t.GetOff(), Budget: int(t.GetBudget()), Hidden: t.GetHidden()}
	}
	return s
}

func encodeTool(m *bifrostv1.Tool, s *schemas.Tool) {
	f := &s.Function
	m.Type, m.CacheControl, m.Raw = text(s.Type), encodeCacheControl(s.CacheControl), withoutNull(s.Raw)
	m.Function = &bifrostv1.ToolFunction{Name: text(f.Name), Description: text(f.Description), Parameters: f.Parameters, Strict: f.Strict}
}

func decodeTool(s *schemas.Tool, m *bifrostv1.Tool) {
	s.Type, s.CacheControl, s.Raw = m.GetType(), decodeCacheControl(m.GetCacheControl()), rawJSON(withoutNull(m.GetRaw()))
	if f := m.GetFunction(); f != nil {
		s.Function = schemas.ToolFunction{Name: f.GetName(), Description: f.GetDescription(), Parameters: rawJSON(f.GetParameters()), Strict: f.Strict}
	}
}

// withoutNull returns none for the raw tool null, which is none in JSON either.
func withoutNull(raw []byte) []byte {
	if string(raw) == "null" {
		return nil
	}
	return raw
}

func checkChatRequest(m *bifrostv1.ChatRequest) error {
	var c checks
	for _, t := range m.GetTools() {
		c.json("tools.raw", t.GetRaw())
		c.json("tools.function.parameters", t.GetFunction().GetParameters())
	}
	c.json("response_format.json_schema", m.GetResponseFormat().GetJsonSchema())
	c.number("temperature", m.Temperature)
	c.number("top_p", m.TopP)
	c.number("frequency_penalty", m.FrequencyPenalty)
	c.number("presence_penalty", m.PresencePenalty)
	c.extra(m.GetExtra())
	return c.err
}
