package codec

import (
	"bifrost/remote/bifrostv1"
	"bifrost/schemas"
)

// What a conversation is made of, as the messages of content.proto. Strings of the two are
// shared, and so are pointers to strings and numbers.

func encodeMessage(m *bifrostv1.ChatMessage, s *schemas.ChatMessage) {
	m.Role, m.Name, m.ToolCallId = text(s.Role), text(s.Name), text(s.ToolCallID)
	if c := s.Content; c != nil {
		if c.Parts != nil {
			m.Parts = &bifrostv1.ContentParts{List: encodeList(c.Parts, encodePart)}
		} else {
			m.Text = optionalText(&c.Text)
		}
	}
	m.ToolCalls = encodeList(s.ToolCalls, encodeToolCall)
	m.Refusal, m.Reasoning = optionalText(s.Refusal), text(s.Reasoning)
	m.ReasoningDetails = encodeList(s.ReasoningDetails, encodeReasoning)
	m.IsError = s.IsError
}

func decodeMessage(s *schemas.ChatMessage, m *bifrostv1.ChatMessage) {
	s.Role, s.Name, s.ToolCallID = m.GetRole(), m.GetName(), m.GetToolCallId()
	if m.GetParts() != nil {
		s.Content = &schemas.Content{Parts: decodeEmpty(decodeList(m.GetParts().GetList(), decodePart), false)}
	} else if m.Text != nil {
		s.Content = &schemas.Content{Text: m.GetText()}
	}
	s.ToolCalls = decodeList(m.GetToolCalls(), decodeToolCall)
	s.Refusal, s.Reasoning = m.Refusal, m.GetReasoning()
	s.ReasoningDetails = decodeList(m.GetReasoningDetails(), decodeReasoning)
	s.IsError = m.GetIsError()
}

func encodePart(m *bifrostv1.ContentPart, s *schemas.ContentPart) {
	m.Type, m.Text, m.Refusal = text(s.Type), text(s.Text), text(s.Refusal)
	if i := s.ImageURL; i != nil {
		m.ImageUrl = &bifrostv1.ImageURL{Url: text(i.URL), Detail: text(i.Detail)}
	}
	if a := s.InputAudio; a != nil {
		m.InputAudio = &bifrostv1.Audio{Data: text(a.Data), Format: text(a.Format)}
	}
	if v := s.VideoURL; v != nil {
		m.VideoUrl = &bifrostv1.MediaURL{Url: text(v.URL)}
	}
	if f := s.File; f != nil {
		m.File = &bifrostv1.FileInput{FileData: text(f.FileData), FileUrl: text(f.FileURL), FileId: text(f.FileID), Filename: text(f.Filename)}
	}
	m.CacheControl = encodeCacheControl(s.CacheControl)
}

func decodePart(s *schemas.ContentPart, m *bifrostv1.ContentPart) {
	s.Type, s.Text, s.Refusal = m.GetType(), m.GetText(), m.GetRefusal()
	if i := m.GetImageUrl(); i != nil {
		s.ImageURL = &schemas.ImageURL{URL: i.GetUrl(), Detail: i.GetDetail()}
	}
	if a := m.GetInputAudio(); a != nil {
		s.InputAudio = &schemas.Audio{Data: a.GetData(), Format: a.GetFormat()}
	}
	if v := m.GetVideoUrl(); v != nil {
		s.VideoURL = &schemas.MediaURL{URL: v.GetUrl()}
	}
	if f := m.GetFile(); f != nil {
		s.File = &schemas.FileInput{FileData: f.GetFileData(), FileURL: f.GetFileUrl(), FileID: f.GetFileId(), Filename: f.GetFilename()}
	}
	s.CacheControl = decodeCacheControl(m.GetCacheControl())
}

func encodeCacheControl(s *schemas.CacheControl) *bifrostv1.CacheControl {
	if s == nil {
		return nil
	}
	return &bifrostv1.CacheControl{Type: text(s.Type), Ttl: text(s.TTL)}
}

func decodeCacheControl(m *bifrostv1.CacheControl) *schemas.CacheControl {
	if m == nil {
		return nil
	}
	return &schemas.CacheControl{Type: m.GetType(), TTL: m.GetTtl()}
}

func encodeToolCall(m *bifrostv1.ToolCall, s *schemas.ToolCall) {
	m.Index, m.Id, m.Type = wide(s.Index), text(s.ID), text(s.Type)
	if f := s.Function; f != (schemas.FunctionCall{}) {
		m.Function = &bifrostv1.FunctionCall{Name: text(f.Name), Arguments: text(f.Arguments)}
	}
}

func decodeToolCall(s *schemas.ToolCall, m *bifrostv1.ToolCall) {
	s.Index, s.ID, s.Type = narrow(m.Index), m.GetId(), m.GetType()
	s.Function = schemas.FunctionCall{Name: m.GetFunction().GetName(), Arguments: m.GetFunction().GetArguments()}
}

func encodeReasoning(m *bifrostv1.ReasoningDetail, s *schemas.ReasoningDetail) {
	m.Type, m.Text, m.Summary, m.Signature = text(s.Type), text(s.Text), text(s.Summary), text(s.Signature)
	m.Data, m.Id, m.Format, m.Index = text(s.Data), text(s.ID), text(s.Format), int64(s.Index)
}

func decodeReasoning(s *schemas.ReasoningDetail, m *bifrostv1.ReasoningDetail) {
	s.Type, s.Text, s.Summary, s.Signature = m.GetType(), m.GetText(), m.GetSummary(), m.GetSignature()
	s.Data, s.ID, s.Format, s.Index = m.GetData(), m.GetId(), m.GetFormat(), int(m.GetIndex())
}

// EncodeUsage returns the counts of an answer as they stand beside its body; nil for nil.
func EncodeUsage(s *schemas.Usage) *bifrostv1.Usage { return encodeUsage(s) }

// DecodeUsage is the way back.
func DecodeUsage(m *bifrostv1.Usage) *schemas.Usage { return decodeUsage(m) }

func encodeUsage(s *schemas.Usage) *bifrostv1.Usage {
	if s == nil {
		return nil
	}
	m := &bifrostv1.Usage{PromptTokens: int64(s.PromptTokens), CompletionTokens: int64(s.CompletionTokens), TotalTokens: int64(s.TotalTokens)}
	if d := s.PromptTokensDetails; d != nil {
		m.PromptTokensDetails = &bifrostv1.PromptTokensDetails{CachedTokens: int64(d.CachedTokens),
			CacheWriteTokens: int64(d.CacheWriteTokens), AudioTokens: int64(d.AudioTokens)}
	}
	if d := s.CompletionTokensDetails; d != nil {
		m.CompletionTokensDetails = &bifrostv1.CompletionTokensDetails{ReasoningTokens: int64(d.ReasoningTokens), AudioTokens: int64(d.AudioTokens)}
	}
	return m
}

func decodeUsage(m *bifrostv1.Usage) *schemas.Usage {
	if m == nil {
		return nil
	}
	s := &schemas.Usage{PromptTokens: int(m.GetPromptTokens()), CompletionTokens: int(m.GetCompletionTokens()), TotalTokens: int(m.GetTotalTokens())}
	if d := m.GetPromptTokensDetails(); d != nil {
		s.PromptTokensDetails = &schemas.PromptTokensDetails{CachedTokens: int(d.GetCachedTokens()),
			CacheWriteTokens: int(d.GetCacheWriteTokens()), AudioTokens: int(d.GetAudioTokens())}
	}
	if d := m.GetCompletionTokensDetails(); d != nil {
		s.CompletionTokensDetails = &schemas.CompletionTokensDetails{ReasoningTokens: int(d.GetReasoningTokens()), AudioTokens: int(d.GetAudioTokens())}
	}
	return s
}
