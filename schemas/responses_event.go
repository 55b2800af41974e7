package schemas

import "encoding/json"

// Some of the types of events. There are more; see Raw.
const (
	EventResponseCreated    = "response.created"
	EventResponseInProgress = "response.in_progress"
	EventResponseCompleted  = "response.completed"  // Response is the whole answer
	EventResponseIncomplete = "response.incomplete" // Response is what there is of it
	EventResponseFailed     = "response.failed"     // Response has the error
	EventOutputItemAdded    = "response.output_item.added"
	EventOutputItemDone     = "response.output_item.done"
	EventContentPartAdded   = "response.content_part.added"
	EventContentPartDone    = "response.content_part.done"
	EventOutputTextDelta    = "response.output_text.delta"
	EventOutputTextDone     = "response.output_text.done"
	EventRefusalDelta       = "response.refusal.delta"
	EventRefusalDone        = "response.refusal.done"
	EventArgumentsDelta     = "response.function_call_arguments.delta"
	EventArgumentsDone      = "response.function_call_arguments.done"
	EventSummaryPartAdded   = "response.reasoning_summary_part.added"
	EventSummaryPartDone    = "response.reasoning_summary_part.done"
	EventSummaryDelta       = "response.reasoning_summary_text.delta"
	EventSummaryDone        = "response.reasoning_summary_text.done"
	EventReasoningDelta     = "response.reasoning_text.delta"
	EventReasoningDone      = "response.reasoning_text.done"
	EventAnnotationAdded    = "response.output_text.annotation.added"
)

// ResponsesEvent is one event of a streamed response
// (https://platform.openai.com/docs/api-reference/responses-streaming). Its Type says
// which of the other fields it has; all of it is in Raw.
type ResponsesEvent struct {
	Type           string `json:"type"`
	SequenceNumber int64  `json:"sequence_number"` // from 0

	Response *ResponsesResponse `json:"response,omitempty"`

	// Where the event belongs: the item by its place in the output, and by its id; a
	// part of its content, or of its summary. 0 also where it has none.
	OutputIndex  int64  `json:"output_index,omitempty"`
	ItemID       string `json:"item_id,omitempty"`
	ContentIndex int64  `json:"content_index,omitempty"`
	SummaryIndex int64  `json:"summary_index,omitempty"`

	Item       *ResponsesItem  `json:"item,omitempty"`
	Part       *ResponsesPart  `json:"part,omitempty"`
	Annotation json.RawMessage `json:"annotation,omitempty"`

	// Delta is what the event adds; Text, Refusal and Arguments are the whole at its
	// end.
	Delta     string            `json:"delta,omitempty"`
	Text      string            `json:"text,omitempty"`
	Refusal   string            `json:"refusal,omitempty"`
	Arguments string            `json:"arguments,omitempty"`
	Logprobs  []json.RawMessage `json:"logprobs,omitempty"`

	// Raw is the event's data as it came; of a type that is not known here, there may
	// be nothing else.
	Raw json.RawMessage `json:"-"`
}

// OutputText returns what the event adds to the text of a message, or "".
func (e *ResponsesEvent) OutputText() string {
	if e.Type == EventOutputTextDelta {
		return e.Delta
	}
	return ""
}

// Ends reports whether the event is the last one of its response, which it has.
func (e *ResponsesEvent) Ends() bool {
	switch e.Type {
	case EventResponseCompleted, EventResponseIncomplete, EventResponseFailed:
		return true
	}
	return false
}

// MarshalJSON writes Raw if there is one, else the fields.
func (e ResponsesEvent) MarshalJSON() ([]byte, error) {
	if len(e.Raw) > 0 {
		return e.Raw, nil
	}
	type plain ResponsesEvent
	return json.Marshal(plain(e))
}

// UnmarshalJSON reads an event. What it has no field for, or what has another form than
// its field, is in Raw.
func (e *ResponsesEvent) UnmarshalJSON(data []byte) error {
	type plain ResponsesEvent
	var p plain
	if _, err := readObject(data, &p); err != nil {
		return err
	}
	p.Raw = raw(data)
	*e = ResponsesEvent(p)
	return nil
}
