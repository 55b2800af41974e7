package gemini

import (
	"bytes"
	"encoding/json"
	"io"
	"reflect"
	"testing"

	"bifrost/internal/dialect/dialecttest"
	"bifrost/internal/wire"
	"bifrost/schemas"
)

// accumulated reads a stream to its end and puts its chunks together.
func accumulated(s *ChatStream) (*schemas.ChatResponse, error) {
	var all schemas.ChatAccumulator
	for {
		c, err := s.Next()
		if err == io.EOF {
			return all.Response(), nil
		}
		if err != nil {
			return all.Response(), err
		}
		all.Add(c)
	}
}

// events returns the data of a stream's events.
func events(t testing.TB, stream []byte) []string {
	t.Helper()
	var out []string
	r := wire.NewReader(bytes.NewReader(stream))
	for {
		ev, err := r.Next()
		if err == io.EOF {
			return out
		}
		if err != nil || ev.Incomplete || ev.Name != "" || ev.Data == nil {
			t.Fatalf("not a stream of the dialect: %v, %q", err, ev.Raw)
		}
		out = append(out, string(ev.Data))
	}
}

func TestARequestIsWrittenAndReadAsDocumented(t *testing.T) {
	want := dialecttest.Golden(t, "request_canonical.json")
	wire := dialecttest.Golden(t, "request.json")
	req := &schemas.ChatRequest{}
	if err := json.Unmarshal(want, req); err != nil {
		t.Fatal(err)
	}
	req.Thinking = &schemas.Thinking{Budget: 2048}
	body, dropped, err := EncodeRequest(req, req.Model)
	if err != nil || !reflect.DeepEqual(dropped, []string{"response_format.json_schema.name"}) {
		t.Fatalf("dropped %v, %v", dropped, err)
	}
	dialecttest.SameJSON(t, body, wire)
	got, thoughts, err := DecodeRequest(wire, "gemini-2.5-flash")
	if err != nil || !thoughts || *got.Thinking != *req.Thinking {
		t.Fatalf("got %+v, %v, %v", got, thoughts, err)
	}
	dialecttest.SameJSON(t, dialecttest.JSON(t, got), want)
}

func TestNamesInSnakeCaseMeanTheSame(t *testing.T) {
	snake := dialecttest.Golden(t, "request.json")
	for _, name := range []string{"systemInstruction", "inlineData", "mimeType", "fileData", "fileUri", "functionCall", "thoughtSignature", "functionResponse",
		"functionDeclarations", "parametersJsonSchema", "toolConfig", "functionCallingConfig", "allowedFunctionNames", "generationConfig", "topP", "topK", "candidateCount",
		"maxOutputTokens", "stopSequences", "presencePenalty", "frequencyPenalty", "responseLogprobs", "responseMimeType", "responseJsonSchema", "thinkingConfig", "includeThoughts", "thinkingBudget"} {
		var other []byte
		for _, c := range []byte(name) {
			if c >= 'A' && c <= 'Z' {
				other = append(other, '_', c+'a'-'A')
			} else {
				other = append(other, c)
			}
		}
		snake = bytes.ReplaceAll(snake, []byte(`"`+name+`"`), []byte(`"`+string(other)+`"`))
	}
	want, _, err := DecodeRequest(dialecttest.Golden(t, "request.json"), "gemini-2.5-flash")
	if err != nil {
		t.Fatal(err)
	}
	got, thoughts, err := DecodeRequest(snake, "gemini-2.5-flash")
	if err != nil || !thoughts || !reflect.DeepEqual(got, want) {
		t.Fatalf("got %s, %v", dialecttest.JSON(t, got), err)
	}
	// The names of a caller's own are left alone.
	got, _, err = DecodeRequest([]byte(`{"contents":[{"parts":[{"text":"hi"}]},{"role":"model","parts":[{"function_call":{"name":"f","args":{"a_b":{"c_d":1}}}}]}]}`), "m")
	if err != nil || got.Messages[1].ToolCalls[0].Function.Arguments != `{"a_b":{"c_d":1}}` {
		t.Fatalf("got %s, %v", dialecttest.JSON(t, got), err)
	}
}

func TestAnAnswerIsReadAsDocumented(t *testing.T) {
	got, err := DecodeResponse(dialecttest.Golden(t, "response.json"), "")
	if err != nil {
		t.Fatal(err)
	}
	first := got.Choices[0]
	id := first.Message.ToolCalls[0].ID
	want := `{"id":"resp-1","object":"chat.completion","created":0,"model":"gemini-2.5-flash","choices":[
		{"index":0,"finish_reason":"tool_calls","logprobs":{"content":[{"token":"Let","logprob":-0.5,"bytes":[76,101,116],"top_logprobs":[
			{"token":"Let","logprob":-0.5,"bytes":[76,101,116]},{"token":"Hm","logprob":-1.5,"bytes":[72,109]}]}]},
		 "message":{"role":"assistant","content":"Let me look.","reasoning_content":"The user asks for the weather.",
			"reasoning_details":[{"type":"reasoning.encrypted","data":"c2lnLWE=","id":"` + id + `","format":"google-gemini-v1","index":0}],
			"tool_calls":[{"id":"` + id + `","type":"function","function":{"name":"weather","arguments":"{\"city\":\"Oslo\"}"}},
				{"id":"own","type":"function","function":{"name":"weather","arguments":"{\"city\":\"Rome\"}"}}]}},
		{"index":1,"finish_reason":"length","message":{"role":"assistant","content":"I"}}],
		"usage":{"prompt_tokens":20,"completion_tokens":15,"total_tokens":35,"prompt_tokens_details":{"cached_tokens":8,"audio_tokens":3},"completion_tokens_details":{"reasoning_tokens":5}}}`
	dialecttest.SameJSON(t, dialecttest.JSON(t, got), []byte(want))
	again, err := DecodeResponse(dialecttest.Golden(t, "response.json"), "")
	if err != nil || !reflect.DeepEqual(got, again) || len(id) > 40 {
		t.Fatalf("the id %q is not the same each time, or too long for OpenAI's clients: %v", id, err)
	}
}

func TestAStreamIsTheWholeAnswer(t *testing.T) {
	want, err := DecodeResponse(dialecttest.Golden(t, "response.json"), "")
	if err != nil {
		t.Fatal(err)
	}
	got, err := accumulated(NewChatStream(bytes.NewReader(dialecttest.Golden(t, "stream.sse")), true, ""))
	if err != nil {
		t.Fatal(err)
	}
	dialecttest.SameJSON(t, dialecttest.JSON(t, got), dialecttest.JSON(t, want))
}

func TestAListOfModelsIsReadAndWritten(t *testing.T) {
	list, err := DecodeModels(dialecttest.Golden(t, "models.json"), "")
	if err != nil || len(list.Data) != 2 || list.Data[1] != (schemas.Model{ID: "gemini-embedding-001", Object: "model", OwnedBy: "google"}) {
		t.Fatalf("got %+v, %v", list, err)
	}
	body, err := Surface{}.Models(list)
	if err != nil {
		t.Fatal(err)
	}
	again, err := DecodeModels(body, "")
	if err != nil || !reflect.DeepEqual(again, list) {
		t.Fatalf("got %+v, %v", again, err)
	}
	one, err := Surface{}.OneModel(list.Data[0])
	if err != nil {
		t.Fatal(err)
	}
	dialecttest.SameJSON(t, one, []byte(`{"name":"models/gemini-2.5-flash","version":"gemini-2.5-flash","displayName":"gemini-2.5-flash",
		"supportedGenerationMethods":["generateContent","streamGenerateContent","countTokens","embedContent","batchEmbedContents"]}`))
	if body, err = (Surface{}).Models(&schemas.ModelList{}); err != nil || string(body) != `{"models":[]}` {
		t.Fatalf("of none: got %s, %v", body, err)
	}
}
