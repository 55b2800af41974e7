package openai

import (
	"net/http"
	"testing"

	"bifrost/internal/dialect"
	"bifrost/schemas"
)

func TestARawCallsPathSaysWhatTheProviderMustHave(t *testing.T) {
	for path, want := range map[string]dialect.Sight{
		"/completions":               {Operation: schemas.OperationCompletion, Object: true},
		"/rerank":                    {Operation: schemas.OperationRerank},
		"/moderations":               {Operation: schemas.OperationModeration},
		"/images/generations":        {Operation: schemas.OperationImage},
		"/images/edits":              {Operation: schemas.OperationImage},
		"/images/variations":         {Operation: schemas.OperationImage},
		"/audio/speech":              {Operation: schemas.OperationSpeech},
		"/audio/transcriptions":      {Operation: schemas.OperationTranscription},
		"/audio/translations":        {Operation: schemas.OperationTranslation},
		"/responses":                 {Operation: schemas.OperationResponses, Object: true},
		"/responses/compact":         {Operation: schemas.OperationResponses, Object: true},
		"/responses/input_tokens":    {Operation: schemas.OperationResponses, Object: true, Kept: true},
		"/responses/r/cancel":        {Operation: schemas.OperationResponses, Object: true, Kept: true},
		"/files":                     {Operation: schemas.OperationFiles, Kept: true},
		"/files/f":                   {Operation: schemas.OperationFiles, Kept: true},
		"/files/f/content":           {Operation: schemas.OperationFiles, Stored: true, Kept: true},
		"/files/content":             {Operation: schemas.OperationFiles, Kept: true},
		"/uploads/u/parts":           {Operation: schemas.OperationFiles, Kept: true},
		"/batches/b/cancel":          {Operation: schemas.OperationBatches, Kept: true},
		"/batchesandmore":            {},
		"/vector_stores/v/files":     {},
		"/audio/transcriptions/more": {},
	} {
		if got := (Codec{}).Look(&schemas.RawRequest{Method: http.MethodGet, Path: path}); got != want {
			t.Errorf("%s: got %+v, want %+v", path, got, want)
		}
	}
}
