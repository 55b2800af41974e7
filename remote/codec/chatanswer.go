package codec

import (
	"bifrost/remote/bifrostv1"
	"bifrost/schemas"
)

// marshalChat returns a chat's answer as a bifrostv1.ChatResponse.
func marshalChat(s *schemas.ChatResponse) ([]byte, error) {
	m := &bifrostv1.ChatResponse{
		Id: text(s.ID), Object: text(s.Object), Created: s.Created, Model: text(s.Model),
		Choices: encodeList(s.Choices, encodeChoice), NoChoices: s.Choices == nil,
		Usage: encodeUsage(s.Usage), SystemFingerprint: text(s.SystemFingerprint),
	}
	if err := checkLogprobs(m.GetChoices()); err != nil {
		return nil, err
	}
	return marshalMessage(m)
}

func unmarshalChat(resp *schemas.Response, body []byte) error {
	m := &bifrostv1.ChatResponse{}
	if err := unmarshalMessage(body, m); err != nil {
		return err
	}
	if err := checkLogprobs(m.GetChoices()); err != nil {
		return err
	}
	resp.Chat = &schemas.ChatResponse{
		ID: m.GetId(), Object: m.GetObject(), Created: m.GetCreated(), Model: m.GetModel(),
		Choices: decodeEmpty(decodeList(m.GetChoices(), decodeChoice), m.GetNoChoices()),
		Usage:   decodeUsage(m.GetUsage()), SystemFingerprint: m.GetSystemFingerprint(),
	}
	return nil
}

func encodeChoice(m *bifrostv1.ChatChoice, s *schemas.ChatChoice) {
	m.Index, m.FinishReason, m.Logprobs, m.StopSequence = int64(s.Index), text(s.FinishReason), s.Logprobs, text(s.StopSequence)
	m.Message = &bifrostv1.ChatMessage{}
	encodeMessage(m.Message, &s.Message)
}

func decodeChoice(s *schemas.ChatChoice, m *bifrostv1.ChatChoice) {
	s.Index, s.FinishReason, s.Logprobs, s.StopSequence = int(m.GetIndex()), m.GetFinishReason(), rawJSON(m.GetLogprobs()), m.GetStopSequence()
	if m.GetMessage() != nil {
		decodeMessage(&s.Message, m.GetMessage())
	}
}

// marshalChunk returns a chunk as a bifrostv1.ChatChunk.
func marshalChunk(s *schemas.ChatChunk) ([]byte, error) {
	m := &bifrostv1.ChatChunk{
		Id: text(s.ID), Object: text(s.Object), Created: s.Created, Model: text(s.Model),
		Choices: encodeList(s.Choices, encodeChunkChoice), NoChoices: s.Choices == nil,
		Usage: encodeUsage(s.Usage), SystemFingerprint: text(s.SystemFingerprint),
	}
	if err := checkLogprobs(m.GetChoices()); err != nil {
		return nil, err
	}
	return marshalMessage(m)
}

func unmarshalChunk(data []byte) (*schemas.ChatChunk, error) {
	m := &bifrostv1.ChatChunk{}
	if err := unmarshalMessage(data, m); err != nil {
		return nil, err
	}
	if err := checkLogprobs(m.GetChoices()); err != nil {
		return nil, err
	}
	return &schemas.ChatChunk{
		ID: m.GetId(), Object: m.GetObject(), Created: m.GetCreated(), Model: m.GetModel(),
		Choices: decodeEmpty(decodeList(m.GetChoices(), decodeChunkChoice), m.GetNoChoices()),
		Usage:   decodeUsage(m.GetUsage()), SystemFingerprint: m.GetSystemFingerprint(),
	}, nil
}

func encodeChunkChoice(m *bifrostv1.ChunkChoice, s *schemas.ChunkChoice) {
	d := &s.Delta
	m.Index, m.FinishReason, m.Logprobs, m.StopSequence = int64(s.Index), optionalText(s.FinishReason), s.Logprobs, text(s.StopSequence)
	m.Delta = &bifrostv1.Delta{
		Role: text(d.Role), Content: text(d.Content), Refusal: text(d.Refusal), Reasoning: text(d.Reasoning),
		ToolCalls: encodeList(d.ToolCalls, encodeToolCall), ReasoningDetails: encodeList(d.ReasoningDetails, encodeReasoning),
	}
}

func decodeChunkChoice(s *schemas.ChunkChoice, m *bifrostv1.ChunkChoice) {
	d := m.GetDelta()
	s.Index, s.FinishReason, s.Logprobs, s.StopSequence = int(m.GetIndex()), m.FinishReason, rawJSON(m.GetLogprobs()), m.GetStopSequence()
	s.Delta = schemas.Delta{
		Role: d.GetRole(), Content: d.GetContent(), Refusal: d.GetRefusal(), Reasoning: d.GetReasoning(),
		ToolCalls: decodeList(d.GetToolCalls(), decodeToolCall), ReasoningDetails: decodeList(d.GetReasoningDetails(), decodeReasoning),
	}
}

// checkLogprobs checks the choices of an answer or of a chunk.
func checkLogprobs[C interface{ GetLogprobs() []byte }](choices []C) error {
	var c checks
	for _, choice := range choices {
		c.json("choices.logprobs", choice.GetLogprobs())
	}
	return c.err
}
