package bifrost

import (
	"context"

	"bifrost/schemas"
)

// SpeechRequest asks for spoken text and returns when the first bytes of the sound
// are there. The answer's Body holds a worker until it is read to its end or closed,
// and lives no longer than ctx.
func (c *Client) SpeechRequest(ctx context.Context, req *schemas.SpeechRequest) (*schemas.RawResponse, error) {
	if req == nil {
		return nil, nilRequest()
	}
	resp, err := c.send(ctx, &schemas.Request{Operation: schemas.OperationSpeech,
		Provider: req.Provider, Model: req.Model, Speech: req})
	if err != nil {
		return nil, err
	}
	return resp.Raw, nil
}

// TranscriptionRequest asks for what is said in a recording, in its language. It
// blocks as ChatCompletionRequest does.
func (c *Client) TranscriptionRequest(ctx context.Context, req *schemas.TranscriptionRequest) (*schemas.TranscriptionResponse, error) {
	return c.transcribe(ctx, schemas.OperationTranscription, req)
}

// TranslationRequest asks for what is said in a recording, in English. It blocks as
// ChatCompletionRequest does.
func (c *Client) TranslationRequest(ctx context.Context, req *schemas.TranscriptionRequest) (*schemas.TranscriptionResponse, error) {
	return c.transcribe(ctx, schemas.OperationTranslation, req)
}

func (c *Client) transcribe(ctx context.Context, op schemas.Operation, req *schemas.TranscriptionRequest) (*schemas.TranscriptionResponse, error) {
	if req == nil {
		return nil, nilRequest()
	}
	resp, err := c.send(ctx, &schemas.Request{Operation: op, Provider: req.Provider, Model: req.Model, Transcription: req})
	if err != nil {
		return nil, err
	}
	resp.Transcription.Served = resp.Served
	return resp.Transcription, nil
}
