package openaicompat

import (
	"net/http"

	"bifrost/internal/dialect/openai"
	"bifrost/schemas"
)

func (c *call) chat(req *schemas.ChatRequest) (*schemas.Response, error) {
	opts := c.opts.Chat
	opts.Stream = false
	body, err := openai.EncodeChat(req, c.model, opts)
	if err != nil {
		return nil, err
	}
	answer, err := c.post(openai.PathChat, body)
	if err != nil {
		return nil, err
	}
	resp, err := openai.DecodeChatResponse(answer, c.key)
	if err != nil {
		return nil, err
	}
	return &schemas.Response{Chat: resp}, nil
}

func (c *call) embeddings(req *schemas.EmbeddingRequest) (*schemas.Response, error) {
	body, err := openai.EncodeEmbedding(req, c.model)
	if err != nil {
		return nil, err
	}
	answer, err := c.post(openai.PathEmbeddings, body)
	if err != nil {
		return nil, err
	}
	resp, err := openai.DecodeEmbeddingResponse(answer, c.key)
	if err != nil {
		return nil, err
	}
	return &schemas.Response{Embedding: resp}, nil
}

func (c *call) models() (*schemas.Response, error) {
	resp, err := c.send(http.MethodGet, openai.PathModels, c.header("application/json"), nil)
	if err != nil {
		return nil, err
	}
	answer, err := read(resp)
	if err != nil {
		return nil, err
	}
	list, err := openai.DecodeModels(answer, c.key)
	if err != nil {
		return nil, err
	}
	return &schemas.Response{Models: list}, nil
}
