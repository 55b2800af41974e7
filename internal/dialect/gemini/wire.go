package gemini

import (
	"bytes"
	"encoding/json"
	"maps"
	"slices"
)

// requestWire is a request on the wire.
type requestWire struct {
	Contents          many[contentWire] `json:"contents"`
	SystemInstruction *contentWire      `json:"systemInstruction,omitempty"`
	Tools             many[toolWire]    `json:"tools,omitempty"`
	ToolConfig        *toolConfigWire   `json:"toolConfig,omitempty"`
	GenerationConfig  *generationWire   `json:"generationConfig,omitempty"`
}

// many is a list that may also be written as its only element.
type many[T any] []T

// UnmarshalJSON implements json.Unmarshaler.
func (m *many[T]) UnmarshalJSON(data []byte) error {
	*m = nil
	data = bytes.TrimSpace(data)
	if len(data) == 0 || data[0] == '[' || string(data) == "null" {
		return json.Unmarshal(data, (*[]T)(m))
	}
	*m = make(many[T], 1)
	return json.Unmarshal(data, &(*m)[0])
}

type contentWire struct {
	Role  string         `json:"role,omitempty"`
	Parts many[partWire] `json:"parts,omitempty"`
}

// partWire is a part of a content, in requests and answers. One of its fields says what
// it is; Thought and ThoughtSignature may stand beside it.
type partWire struct {
	Text             *string     `json:"text,omitempty"`
	Thought          bool        `json:"thought,omitempty"`
	ThoughtSignature string      `json:"thoughtSignature,omitempty"` // base64
	InlineData       *blobWire   `json:"inlineData,omitempty"`
	FileData         *fileWire   `json:"fileData,omitempty"`
	FunctionCall     *callWire   `json:"functionCall,omitempty"`
	FunctionResponse *resultWire `json:"functionResponse,omitempty"`

	// What has no canonical form.
	VideoMetadata       json.RawMessage `json:"videoMetadata,omitempty"`
	ExecutableCode      json.RawMessage `json:"executableCode,omitempty"`
	CodeExecutionResult json.RawMessage `json:"codeExecutionResult,omitempty"`
	ToolCall            json.RawMessage `json:"toolCall,omitempty"`
	ToolResponse        json.RawMessage `json:"toolResponse,omitempty"`
}

func textPart(text string) partWire { return partWire{Text: &text} }

// text returns the part's text, or "".
func (p *partWire) text() string {
	if p.Text == nil {
		return ""
	}
	return *p.Text
}

type blobWire struct {
	MimeType string `json:"mimeType,omitempty"`
	Data     string `json:"data"` // base64
}

type fileWire struct {
	MimeType string `json:"mimeType,omitempty"`
	FileURI  string `json:"fileUri"`
}

type callWire struct {
	ID   string          `json:"id,omitempty"`
	Name string          `json:"name"`
	Args json.RawMessage `json:"args,omitempty"`
}

type resultWire struct {
	ID       string          `json:"id,omitempty"`
	Name     string          `json:"name"`
	Response json.RawMessage `json:"response,omitempty"`
	Parts    many[partWire]  `json:"parts,omitempty"` // inlineData and fileData only
}

// toolWire is a set of functions, or a tool of Google's own.
type toolWire struct {
	Functions many[functionWire] `json:"functionDeclarations,omitempty"`
	// own is the name of a tool of Google's own, of which only that is read.
	own string
}

// UnmarshalJSON implements json.Unmarshaler.
func (t *toolWire) UnmarshalJSON(data []byte) error {
	*t = toolWire{}
	var all map[string]json.RawMessage
	if err := json.Unmarshal(data, &all); err != nil {
		return err
	}
	for _, name := range slices.Sorted(maps.Keys(all)) {
		switch {
		case name == "functionDeclarations":
			if err := json.Unmarshal(all[name], &t.Functions); err != nil {
				return err
			}
		case string(all[name]) != "null":
			t.own = name
		}
	}
	return nil
}

type functionWire struct {
	Name        string          `json:"name"`
	Description string          `json:"description,omitempty"`
	Parameters  json.RawMessage `json:"parameters,omitempty"` // in OpenAPI's form
	JSONSchema  json.RawMessage `json:"parametersJsonSchema,omitempty"`
}

type toolConfigWire struct {
	FunctionCalling *callingWire `json:"functionCallingConfig,omitempty"`
}

type callingWire struct {
	Mode  string   `json:"mode,omitempty"` // one of the modes, or "" for modeAuto
	Names []string `json:"allowedFunctionNames,omitempty"`
}

// The modes in which functions are called.
const (
	modeAuto      = "AUTO"
	modeAny       = "ANY"
	modeNone      = "NONE"
	modeValidated = "VALIDATED"
)

type generationWire struct {
	Temperature        *float64        `json:"temperature,omitempty"`
	TopP               *float64        `json:"topP,omitempty"`
	TopK               *float64        `json:"topK,omitempty"`
	CandidateCount     *int            `json:"candidateCount,omitempty"`
	MaxOutputTokens    *int            `json:"maxOutputTokens,omitempty"`
	StopSequences      many[string]    `json:"stopSequences,omitempty"`
	PresencePenalty    *float64        `json:"presencePenalty,omitempty"`
	FrequencyPenalty   *float64        `json:"frequencyPenalty,omitempty"`
	Seed               *int64          `json:"seed,omitempty"`
	ResponseLogprobs   *bool           `json:"responseLogprobs,omitempty"`
	Logprobs           *int            `json:"logprobs,omitempty"`
	ResponseMimeType   string          `json:"responseMimeType,omitempty"`
	ResponseSchema     json.RawMessage `json:"responseSchema,omitempty"` // in OpenAPI's form
	ResponseJSONSchema json.RawMessage `json:"responseJsonSchema,omitempty"`
	EarlierJSONSchema  json.RawMessage `json:"_responseJsonSchema,omitempty"` // its name in older clients
	ResponseModalities many[string]    `json:"responseModalities,omitempty"`
	ThinkingConfig     *thinkingWire   `json:"thinkingConfig,omitempty"`
}

type thinkingWire struct {
	IncludeThoughts bool   `json:"includeThoughts,omitempty"`
	ThinkingBudget  *int   `json:"thinkingBudget,omitempty"` // -1: as the model sees fit
	ThinkingLevel   string `json:"thinkingLevel,omitempty"`
}

// answerWire is a whole answer, and an event of a stream.
type answerWire struct {
	Candidates     []candidateWire `json:"candidates,omitempty"`
	PromptFeedback *feedbackWire   `json:"promptFeedback,omitempty"`
	Usage          *usageWire      `json:"usageMetadata,omitempty"`
	ModelVersion   string          `json:"modelVersion,omitempty"`
	ResponseID     string          `json:"responseId,omitempty"`
}

type candidateWire struct {
	Content      *contentWire  `json:"content,omitempty"`
	FinishReason string        `json:"finishReason,omitempty"`
	Index        int           `json:"index"`
	Logprobs     *logprobsWire `json:"logprobsResult,omitempty"`
}

// feedbackWire says that a prompt was refused, for which there are no candidates.
type feedbackWire struct {
	BlockReason string `json:"blockReason,omitempty"`
}
