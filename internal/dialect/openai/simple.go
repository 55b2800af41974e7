package openai

import (
	"encoding/json"

	"bifrost/internal/dialect"
	"bifrost/schemas"
)

// encodeCompletion writes a legacy completion request for model; an empty model means
// req.Model, here and below. Extra's fields never override the typed ones.
func encodeCompletion(req *schemas.CompletionRequest, model string) ([]byte, error) {
	w := *req
	w.Model = named(model, req.Model)
	return encodeBody(&w, req.Extra, "stream", "stream_options")
}

// encodeRerank writes the form of Cohere's API, which servers of this dialect share
// (https://docs.vllm.ai/en/stable/serving/openai_compatible_server.html).
func encodeRerank(req *schemas.RerankRequest, model string) ([]byte, error) {
	w := *req
	w.Model = named(model, req.Model)
	return encodeBody(&w, req.Extra)
}

// encodeModeration writes a request for a verdict.
func encodeModeration(req *schemas.ModerationRequest, model string) ([]byte, error) {
	w := *req
	w.Model = named(model, req.Model)
	return encodeBody(&w, req.Extra)
}

// encodeImage writes a request for pictures. A stream of partial pictures has no
// canonical form.
func encodeImage(req *schemas.ImageRequest, model string) ([]byte, error) {
	w := *req
	w.Model = named(model, req.Model)
	return encodeBody(&w, req.Extra, "stream", "partial_images")
}

// encodeSpeech writes a request for sound. The sound itself is asked for, no events.
func encodeSpeech(req *schemas.SpeechRequest, model string) ([]byte, error) {
	w := *req
	w.Model = named(model, req.Model)
	return encodeBody(&w, req.Extra, "stream_format")
}

// named returns the model that a call is for.
func named(model, own string) string {
	if model == "" {
		return own
	}
	return model
}

// encodeBody writes a request and its extra fields.
func encodeBody(req any, extra map[string]json.RawMessage, reserved ...string) ([]byte, error) {
	body, err := json.Marshal(req)
	if err != nil {
		return nil, dialect.BadRequest("the request cannot be written as json: one of its raw json fields is not valid; correct it")
	}
	return dialect.Merge(body, extra, reserved...)
}

// decodeAnswer reads a whole answer into out. what names it in an error.
func decodeAnswer(data []byte, key, what string, out any) error {
	if err := ErrorWithin(data, key); err != nil {
		return err
	}
	if err := json.Unmarshal(data, out); err != nil {
		return notThe(what)
	}
	return nil
}

func notThe(what string) error {
	return dialect.BadAnswer("the answer is not " + what + "; check network_config.base_url and the provider's type")
}

func decodeCompletion(data []byte, key string) (*schemas.CompletionResponse, error) {
	in := struct {
		*schemas.CompletionResponse
		Created lenientInt `json:"created"`
	}{CompletionResponse: &schemas.CompletionResponse{}}
	if err := decodeAnswer(data, key, "a completion", &in); err != nil {
		return nil, err
	}
	resp := in.CompletionResponse
	if resp.Choices == nil {
		return nil, notThe("a completion")
	}
	resp.Created = int64(in.Created)
	for i := range resp.Choices {
		resp.Choices[i].FinishReason = finishReason(resp.Choices[i].FinishReason)
	}
	return resp, nil
}

// rerankDocument is a document that is given back: a text, or an object with one.
type rerankDocument string

// UnmarshalJSON implements json.Unmarshaler.
func (d *rerankDocument) UnmarshalJSON(data []byte) error {
	if len(data) > 0 && data[0] == '"' {
		return json.Unmarshal(data, (*string)(d))
	}
	var in struct {
		Text string `json:"text"`
	}
	err := json.Unmarshal(data, &in)
	*d = rerankDocument(in.Text)
	return err
}

func decodeRerank(data []byte, key string) (*schemas.RerankResponse, error) {
	var in struct {
		ID      string `json:"id"`
		Model   string `json:"model"`
		Results []struct {
			Index          int            `json:"index"`
			RelevanceScore float64        `json:"relevance_score"`
			Document       rerankDocument `json:"document"`
		} `json:"results"`
		Usage *schemas.Usage `json:"usage"`
	}
	if err := decodeAnswer(data, key, "a ranking", &in); err != nil {
		return nil, err
	}
	if in.Results == nil {
		return nil, notThe("a ranking")
	}
	resp := &schemas.RerankResponse{ID: in.ID, Model: in.Model, Usage: in.Usage, Results: make([]schemas.RerankResult, len(in.Results))}
	for i, r := range in.Results {
		resp.Results[i] = schemas.RerankResult{Index: r.Index, RelevanceScore: r.RelevanceScore, Document: string(r.Document)}
	}
	return resp, nil
}

func decodeModeration(data []byte, key string) (*schemas.ModerationResponse, error) {
	resp := &schemas.ModerationResponse{}
	if err := decodeAnswer(data, key, "a moderation", resp); err != nil {
		return nil, err
	}
	if resp.Results == nil {
		return nil, notThe("a moderation")
	}
	return resp, nil
}

func decodeImage(data []byte, key string) (*schemas.ImageResponse, error) {
	resp := &schemas.ImageResponse{}
	if err := decodeAnswer(data, key, "a list of images", resp); err != nil {
		return nil, err
	}
	if resp.Data == nil {
		return nil, notThe("a list of images")
	}
	return resp, nil
}
