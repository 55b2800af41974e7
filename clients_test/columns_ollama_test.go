package clients_test

import (
	"bufio"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"bifrost/schemas"
)

const (
	ollamaModel    = "llama3.2:latest"
	ollamaEmbedder = "all-minilm:latest"
)

// ollamaLacks: it reads no documents, signs nothing of what its models think, and counts
// neither that nor what was cached. What they think is the answer's "reasoning", in calls
// that pass too.
var ollamaLacks = map[string]string{"document in": "invalid message format", "cached usage": "", "reasoning usage": "", "hidden thinking": "",
	"thinking": "", "thinking stream": "", "thinking beside other parameters": "",
	"thinking signatures return": "", "thinking signatures return with a tool result": ""}

// ollamaColumn is a provider of type ollama; it needs no key.
func ollamaColumn(t *testing.T, c schemas.SimulationConfig) schemas.StaticProvider {
	c.Models = []string{ollamaModel, ollamaEmbedder}
	return at(t, ollamaServer{newMind(c), responsesServer(t, c)}, "", schemas.ProviderConfig{Type: "ollama"})
}

// ollamaServer is a server of Ollama: OpenAI's form below /v1
// (https://docs.ollama.com/api/openai-compatibility) and its own list of models
// (https://github.com/ollama/ollama/blob/main/docs/api.md).
type ollamaServer struct {
	model     mind
	responses http.Handler
}

// ollamaKnown are the fields of a chat that the server knows; it ignores all others,
// such as "max_completion_tokens" and "tool_choice" (ChatCompletionRequest of
// openai/openai.go in github.com/ollama/ollama; issue 17921 there).
var ollamaKnown = []string{"model", "messages", "stream", "stream_options", "max_tokens", "seed", "stop", "temperature",
	"frequency_penalty", "presence_penalty", "top_p", "response_format", "tools", "reasoning", "reasoning_effort", "logprobs", "top_logprobs"}

// ollamaOfMessage are the fields of a message that it knows.
var ollamaOfMessage = []string{"role", "content", "reasoning", "tool_calls", "name", "tool_call_id"}

// ollamaPart is a piece of a message's content.
type ollamaPart struct {
	Type     string `json:"type"`
	ImageURL struct {
		URL string `json:"url"`
	} `json:"image_url"`
}

func (s ollamaServer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return // the client has gone
	}
	switch r.Method + " " + r.URL.Path {
	case "GET /v1/models", "GET /v1/models/" + ollamaModel:
		s.model.serve(w, r, r.URL.Path, nil)
	case "GET /api/tags":
		var models []any
		for _, name := range []string{ollamaModel, ollamaEmbedder} {
			models = append(models, map[string]any{"name": name, "model": name, "modified_at": "2025-05-04T17:37:44.706015396-07:00", "size": 3825819519,
				"details": map[string]any{"format": "gguf", "family": "llama", "families": nil, "parameter_size": "7B", "quantization_level": "Q4_0"}})
		}
		tell(w, http.StatusOK, map[string]any{"models": models})
	case "POST /v1/chat/completions":
		s.chat(w, r, body)
	case "POST /v1/embeddings":
		s.model.serve(w, r, "/v1/embeddings", body)
	case "POST /v1/responses":
		respond(s.responses, w, r, body)
	default:
		w.WriteHeader(http.StatusNotFound)
		_, _ = io.WriteString(w, "404 page not found")
	}
}

func (s ollamaServer) chat(w http.ResponseWriter, r *http.Request, body []byte) {
	var all map[string]json.RawMessage
	if json.Unmarshal(body, &all) != nil {
		ollamaRefuses(w, "invalid JSON")
		return
	}
	in := map[string]any{}
	for _, name := range ollamaKnown {
		if value, given := all[name]; given {
			in[name] = value
		}
	}
	messages, err := ollamaReads(all["messages"])
	if err != nil {
		ollamaRefuses(w, err.Error())
		return
	}
	in["messages"] = messages
	if len(all["tools"]) > len("[]") {
		in["tool_choice"] = "required" // a model that is glad of every tool
	}
	body, _ = json.Marshal(in) // it was JSON before
	s.model.serve(ollamaWriter{w}, r, "/v1/chat/completions", body)
}

// ollamaReads returns messages as the server understands them, or why it refuses them:
// FromChatRequest of openai/openai.go in github.com/ollama/ollama.
func ollamaReads(data json.RawMessage) ([]map[string]json.RawMessage, error) {
	var in, out []map[string]json.RawMessage
	if json.Unmarshal(data, &in) != nil || len(in) == 0 {
		return nil, errors.New("[] is too short - 'messages'")
	}
	for _, m := range in {
		switch string(m["role"]) {
		case `"system"`, `"user"`, `"assistant"`, `"tool"`:
		default: // its templates know no other, and leave the message out
			return nil, errors.New("invalid role: " + string(m["role"]))
		}
		known := map[string]json.RawMessage{}
		for _, name := range ollamaOfMessage {
			if value, given := m[name]; given {
				known[name] = value
			}
		}
		if err := ollamaContent(m); err != nil {
			return nil, err
		}
		out = append(out, known)
	}
	return out, nil
}

func ollamaContent(m map[string]json.RawMessage) error {
	content := string(m["content"])
	if content == "" || content == "null" {
		if len(m["tool_calls"]) == 0 {
			return errors.New("invalid message content type: <nil>")
		}
		return nil
	}
	if content[0] != '[' {
		return nil
	}
	var parts []ollamaPart
	if err := json.Unmarshal(m["content"], &parts); err != nil {
		return err
	}
	for _, p := range parts {
		switch {
		case p.Type == "text":
		case p.Type == "image_url" && ollamaImage.MatchString(p.ImageURL.URL):
		case p.Type == "image_url":
			return errors.New("invalid image input")
		default:
			return errors.New("invalid message format")
		}
	}
	return nil
}

var ollamaImage = regexp.MustCompile(`^data:(image/(jpeg|jpg|png|webp))?;base64,`)

// ollamaWriter writes the answers of the simulation as the server has them: reasoning
// under its name, and no details of it or of the usage (Message and Usage of the same
// file). Each event is written at once.
type ollamaWriter struct{ http.ResponseWriter }

func (w ollamaWriter) WriteHeader(status int) {
	w.Header().Del("Content-Length")
	w.ResponseWriter.WriteHeader(status)
}

// Unwrap is for http.ResponseController.
func (w ollamaWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }

func (w ollamaWriter) Write(data []byte) (int, error) {
	_, err := io.WriteString(w.ResponseWriter, ollamaNames.Replace(string(data)))
	return len(data), err
}

// ollamaNames gives what the server has not a name that nobody reads.
var ollamaNames = strings.NewReplacer(`"reasoning_content":`, `"reasoning":`, `"reasoning_details":`, `"not_1":`,
	`"prompt_tokens_details":`, `"not_2":`, `"completion_tokens_details":`, `"not_3":`)

func ollamaRefuses(w http.ResponseWriter, message string) {
	tell(w, http.StatusBadRequest, map[string]any{"error": map[string]any{"message": message, "type": "invalid_request_error", "param": nil, "code": nil}})
}

// lines hands the lines of a text to do, until it returns an error.
func lines(src io.Reader, do func(line []byte) error) error {
	text := bufio.NewScanner(src)
	text.Buffer(nil, 1<<20)
	for text.Scan() {
		if err := do(text.Bytes()); err != nil {
			return err
		}
	}
	return text.Err()
}
