package codec

import (
	"encoding/json"

	"bifrost/schemas"
)

// hidden is the member "bifrost" of a request.
type hidden struct {
	Extra        map[string]json.RawMessage `json:"extra,omitempty"`
	Thinking     *thinking                  `json:"thinking,omitempty"`
	IncludeUsage bool                       `json:"include_usage,omitempty"`
	Tools        map[int]json.RawMessage    `json:"tools,omitempty"` // by place; null: it has no Raw
}

func (h *hidden) isZero() bool {
	return len(h.Extra) == 0 && h.Thinking == nil && !h.IncludeUsage && len(h.Tools) == 0
}

// thinking is schemas.Thinking on the wire.
type thinking struct {
	Off    bool `json:"off,omitempty"`
	Budget int  `json:"budget,omitempty"`
	Hidden bool `json:"hidden,omitempty"`
}

const (
	chatStream    = "stream"
	chatOptions   = "stream_options"
	chatTools     = "tools"
	plainFunction = "function"
)

var (
	chatNames = namesOf[schemas.ChatRequest](chatStream, chatOptions).keeping(chatTools)
	chatForm  = form{encode: encodeChat, decode: decodeChat}
)

func encodeChat(r *schemas.Request) ([]byte, error) {
	chat := r.Chat
	if chat == nil {
		return nil, nil
	}
	h := hidden{Thinking: (*thinking)(chat.Thinking), IncludeUsage: chat.IncludeUsage}
	for i := range chat.Tools {
		if t := &chat.Tools[i]; len(t.Raw) > 0 || !isFunction(t) {
			if h.Tools == nil {
				h.Tools = map[int]json.RawMessage{}
			}
			h.Tools[i] = t.Raw
		}
	}
	return encodeBody(chat, chat.Extra, h, chatNames)
}

func isFunction(t *schemas.Tool) bool { return t.Type == plainFunction || t.Type == "" }

func decodeChat(r *schemas.Request, body []byte) error {
	chat, m, err := decodeBody[schemas.ChatRequest](body, chatNames)
	if err != nil {
		return err
	}
	chat.Thinking, chat.IncludeUsage = (*schemas.Thinking)(m.own.Thinking), m.own.IncludeUsage
	if err := readOptions(chat, &m); err != nil {
		return err
	}
	if err := readRawTools(chat.Tools, m.own.Tools, m.kept[chatTools]); err != nil {
		return err
	}
	chat.Extra = m.extra
	r.Chat = chat
	return nil
}

// readOptions reads the options of a stream as OpenAI's API has them. What they say beside
// include_usage is a field of Extra.
func readOptions(chat *schemas.ChatRequest, m *members) error {
	written, there := m.kept[chatOptions]
	if !there {
		return nil
	}
	given := json.RawMessage(written)
	var options struct {
		IncludeUsage bool `json:"include_usage"`
	}
	var all map[string]json.RawMessage
	if json.Unmarshal(given, &options) != nil || json.Unmarshal(given, &all) != nil {
		return fieldError(chatOptions)
	}
	chat.IncludeUsage = chat.IncludeUsage || options.IncludeUsage
	delete(all, "include_usage")
	if _, own := m.own.Extra[chatOptions]; !own && len(all) > 0 {
		m.addExtra(chatOptions, given)
	}
	return nil
}

// readRawTools sets Raw of the tools that are no functions: to what the sender says, or else
// to the tool as it is written.
func readRawTools(tools []schemas.Tool, said map[int]json.RawMessage, written string) error {
	var each []json.RawMessage
	for i := range tools {
		t := &tools[i]
		if raw, there := said[i]; there {
			if string(raw) != "null" {
				t.Raw = raw
			}
			continue
		}
		if isFunction(t) {
			continue
		}
		if each == nil {
			if json.Unmarshal([]byte(written), &each) != nil || len(each) != len(tools) {
				return fieldError(chatTools)
			}
		}
		t.Raw = each[i]
	}
	return nil
}
