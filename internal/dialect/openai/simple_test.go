package openai

import (
	"bytes"
	"errors"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"slices"
	"testing"

	"bifrost/schemas"
)

// The bodies here are written by hand from
// https://platform.openai.com/docs/api-reference and https://docs.cohere.com/reference/rerank.

func TestEverySmallOperationHasItsPathAndIsAskedForTheModelOfTheCall(t *testing.T) {
	for want, req := range map[string]*schemas.Request{
		`/completions {"model":"m","prompt":["a"]}`:               {Operation: schemas.OperationCompletion, Completion: &schemas.CompletionRequest{Model: "other", Prompt: schemas.Strings{"a"}}},
		`/rerank {"model":"m","query":"q","documents":["a"]}`:     {Operation: schemas.OperationRerank, Rerank: &schemas.RerankRequest{Query: "q", Documents: []string{"a"}}},
		`/moderations {"model":"m","input":"a"}`:                  {Operation: schemas.OperationModeration, Moderation: &schemas.ModerationRequest{Input: []byte(`"a"`)}},
		`/images/generations {"model":"m","prompt":"p"}`:          {Operation: schemas.OperationImage, Image: &schemas.ImageRequest{Prompt: "p"}},
		`/audio/speech {"model":"m","input":"a","voice":"alloy"}`: {Operation: schemas.OperationSpeech, Speech: &schemas.SpeechRequest{Input: "a", Voice: "alloy"}},
	} {
		req.Model = "m"
		call, dropped, err := Codec{}.Encode(req)
		if err != nil || len(dropped) > 0 {
			t.Fatalf("%s: %v, %v", want, dropped, err)
		}
		if got := call.Path + " " + string(call.Body); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
}

func TestSmallAnswersAreReadAndNonsenseIsAnUpstreamError(t *testing.T) {
	for op, body := range map[schemas.Operation]string{
		schemas.OperationCompletion: `{"id":"c","object":"text_completion","created":1.0,"model":"m","choices":[{"text":"hi","index":0,"finish_reason":"eos"}]}`,
		schemas.OperationRerank:     `{"id":"r","results":[{"index":1,"relevance_score":0.9,"document":{"text":"b"}},{"index":0,"relevance_score":0.1,"document":"a"}]}`,
		schemas.OperationModeration: `{"id":"m","model":"m","results":[{"flagged":true,"categories":{"hate":true},"category_scores":{"hate":0.9}}]}`,
		schemas.OperationImage:      `{"created":1,"data":[{"b64_json":"AA=="}]}`,
	} {
		req := &schemas.Request{Operation: op}
		resp, err := Codec{}.Decode(req, nil, []byte(body), "")
		if err != nil || !resp.Answers(op) {
			t.Fatalf("%s: %+v, %v", op, resp, err)
		}
		if op == schemas.OperationCompletion && (resp.Completion.Choices[0].FinishReason != "stop" || resp.Completion.Created != 1) {
			t.Errorf("got %+v", resp.Completion)
		}
		if op == schemas.OperationRerank && (resp.Rerank.Results[0].Document != "b" || resp.Rerank.Results[1].Document != "a") {
			t.Errorf("got %+v", resp.Rerank)
		}
		for _, bad := range []string{``, `{}`, `null`, `[]`, `{"error":{"message":"no"}}`} {
			if _, err := (Codec{}).Decode(req, nil, []byte(bad), ""); !errors.Is(err, schemas.ErrUpstream) {
				t.Errorf("%s %s: got %v", op, bad, err)
			}
		}
	}
}

func TestARetriedUploadSendsTheSameBytes(t *testing.T) {
	req := &schemas.Request{Operation: schemas.OperationTranslation, Model: "m", Transcription: &schemas.TranscriptionRequest{
		File: []byte("sound"), Filename: "a.wav", Language: "de", Prompt: "p", Extra: map[string]string{"x": "1", "model": "other"}}}
	call, dropped, err := Codec{}.Encode(req)
	if err != nil || !slices.Equal(dropped, []string{"language"}) || call.Path != "/audio/translations" {
		t.Fatalf("got %+v, %v, %v", call, dropped, err)
	}
	again, _, err := Codec{}.Encode(req)
	if err != nil || !bytes.Equal(call.Body, again.Body) || call.Header.Get("Content-Type") != again.Header.Get("Content-Type") {
		t.Fatal("the second attempt sends other bytes")
	}
	_, params, err := mime.ParseMediaType(call.Header.Get("Content-Type"))
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	for form := multipart.NewReader(bytes.NewReader(call.Body), params["boundary"]); ; {
		part, err := form.NextPart()
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		value, err := io.ReadAll(part)
		if err != nil {
			t.Fatal(err)
		}
		got[part.FormName()+part.FileName()] = string(value)
	}
	if len(got) != 4 || got["model"] != "m" || got["prompt"] != "p" || got["x"] != "1" || got["filea.wav"] != "sound" {
		t.Errorf("got %v", got)
	}
}

func TestATranscriptionIsReadAsJSONOrAsTheTextThatWasAskedFor(t *testing.T) {
	for _, c := range []struct{ format, media, body string }{
		{"", "application/json", `{"text":"hi","duration":"1.5"}`},
		{"verbose_json", "application/json", `{"text":"hi","language":"en","duration":1.5}`},
		{"text", "text/plain; charset=utf-8", "hi"},
		{"text", "application/json", `{"text":"hi"}`},
	} {
		req := &schemas.Request{Operation: schemas.OperationTranscription, Transcription: &schemas.TranscriptionRequest{ResponseFormat: c.format}}
		resp, err := Codec{}.Decode(req, http.Header{"Content-Type": {c.media}}, []byte(c.body), "")
		if err != nil || resp.Transcription.Text != "hi" {
			t.Errorf("%v: got %+v, %v", c, resp, err)
		}
	}
	req := &schemas.Request{Operation: schemas.OperationTranscription, Transcription: &schemas.TranscriptionRequest{}}
	for _, bad := range []string{``, `{}`, `hi`} {
		if _, err := (Codec{}).Decode(req, nil, []byte(bad), ""); !errors.Is(err, schemas.ErrUpstream) {
			t.Errorf("%q: got %v", bad, err)
		}
	}
}

func TestANameThatAFormCannotCarryIsRefused(t *testing.T) {
	for _, upload := range []schemas.TranscriptionRequest{{Filename: "a\x00.wav"}, {Filename: "a\r\nX: y"}, {Extra: map[string]string{"x\n": "1"}}} {
		_, _, err := Codec{}.Encode(&schemas.Request{Operation: schemas.OperationTranscription, Transcription: &upload})
		if !errors.Is(err, schemas.ErrInvalidRequest) {
			t.Errorf("%+v: got %v", upload, err)
		}
	}
}
