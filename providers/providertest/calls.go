package providertest

import (
	"context"
	"errors"
	"io"
	"slices"
	"testing"

	"bifrost/schemas"
)

const prompt = "a prompt that no error may quote"

// request returns a request of op.
func (f Fixture) request(op schemas.Operation) *schemas.Request {
	req := &schemas.Request{Operation: op, Provider: "under-test", Model: f.Model}
	switch op {
	case schemas.OperationChat, schemas.OperationChatStream, schemas.OperationCountTokens:
		req.Chat = &schemas.ChatRequest{Model: f.Model, Messages: []schemas.ChatMessage{schemas.UserMessage(prompt)}}
	case schemas.OperationEmbeddings:
		req.Embedding = &schemas.EmbeddingRequest{Model: f.Model, Input: []string{prompt, "another"}}
	case schemas.OperationCompletion:
		req.Completion = &schemas.CompletionRequest{Prompt: []string{prompt}}
	case schemas.OperationRerank:
		req.Rerank = &schemas.RerankRequest{Query: prompt, Documents: []string{"one", "another"}}
	case schemas.OperationModeration:
		req.Moderation = &schemas.ModerationRequest{Input: []byte(`"` + prompt + `"`)}
	case schemas.OperationImage:
		req.Image = &schemas.ImageRequest{Prompt: prompt}
	case schemas.OperationSpeech:
		req.Speech = &schemas.SpeechRequest{Input: prompt, Voice: "alloy"}
	case schemas.OperationTranscription, schemas.OperationTranslation:
		req.Transcription = &schemas.TranscriptionRequest{File: []byte("sound"), Filename: "a.wav", Prompt: prompt}
	case schemas.OperationRaw:
		req.Raw = f.set().raw(f.Model, false)
	case schemas.OperationListModels:
		req.Model = ""
	}
	return req
}

// call makes one attempt and holds it against what every call promises.
func (f Fixture) call(ctx context.Context, t *testing.T, req *schemas.Request) (*schemas.Response, error) {
	t.Helper()
	resp, err := f.Provider.Call(ctx, &schemas.Attempt{Request: req, Key: f.Key, Number: 1})
	if (resp == nil) == (err == nil) {
		t.Fatalf("got response %v and error %v; want one of them", resp, err)
	}
	return resp, err
}

// consume reads a response to its end and closes it. It returns the text or
// bytes that came before the error.
func consume(resp *schemas.Response) (string, error) {
	switch {
	case resp.Stream != nil:
		defer resp.Stream.Close()
		var text string
		for {
			chunk, err := resp.Stream.Next()
			if err == io.EOF {
				return text, nil
			}
			if err != nil {
				return text, err
			}
			text += chunk.Text()
		}
	case resp.Raw != nil:
		defer resp.Raw.Body.Close()
		b, err := io.ReadAll(resp.Raw.Body)
		return string(b), err
	case resp.Chat != nil:
		return resp.Chat.Text(), nil
	}
	return "", nil
}

// whole makes a call and reads its answer; the error is that of either.
func (f Fixture) whole(ctx context.Context, t *testing.T, req *schemas.Request) (string, error) {
	t.Helper()
	resp, err := f.call(ctx, t, req)
	if err != nil {
		return "", err
	}
	return consume(resp)
}

// wantKind fails unless err is an *schemas.Error of the kind.
func wantKind(t *testing.T, err error, kind schemas.ErrorKind) *schemas.Error {
	t.Helper()
	var e *schemas.Error
	if !errors.As(err, &e) || e.Kind != kind {
		t.Fatalf("got %v (%T), want an *schemas.Error of kind %s", err, err, kind)
	}
	return e
}

// untyped are the operations without a typed form.
var untyped = []schemas.Operation{schemas.OperationResponses, schemas.OperationFiles, schemas.OperationBatches}

// operations returns those that the provider has for the model, but for the untyped ones.
func (f Fixture) operations() []schemas.Operation {
	all := slices.Clone(f.Provider.Describe().Operations)
	return slices.DeleteFunc(all, func(op schemas.Operation) bool {
		return slices.Contains(f.Lacks, op) || slices.Contains(untyped, op)
	})
}
