package openai

import (
	"encoding/json"
	"net/http"
	"reflect"
	"strings"
	"testing"

	"bifrost/internal/dialect/dialecttest"
	"bifrost/schemas"
)

func ptr[T any](v T) *T { return &v }

// rawFields are a request's extra ones.
func rawFields(fields ...string) map[string]json.RawMessage {
	out := map[string]json.RawMessage{}
	for i := 0; i < len(fields); i += 2 {
		out[fields[i]] = json.RawMessage(fields[i+1])
	}
	return out
}

// smallRequests are requests of the small operations, by the file that is sent for them.
var smallRequests = map[string]*schemas.Request{
	"completion_request.json": {Operation: schemas.OperationCompletion, Model: "gpt-3.5-turbo-instruct", Completion: &schemas.CompletionRequest{
		Prompt: schemas.Strings{"Once upon a time", "In the end"}, Suffix: " The end.", MaxTokens: ptr(7), Temperature: ptr(0.0), TopP: ptr(0.9),
		FrequencyPenalty: ptr(0.1), PresencePenalty: ptr(-0.1), N: ptr(2), Seed: ptr(int64(42)), Stop: schemas.Strings{"\n"}, User: "user-1",
		Extra: rawFields("best_of", "3", "echo", "false", "stream", "true", "model", `"another"`)}},
	"image_request.json": {Operation: schemas.OperationImage, Model: "gpt-image-1", Image: &schemas.ImageRequest{
		Prompt: "a lighthouse in the fog", N: ptr(1), Size: "1024x1024", Quality: "high", Style: "vivid", Background: "transparent",
		OutputFormat: "png", ResponseFormat: "b64_json", User: "user-1", Extra: rawFields("moderation", `"low"`, "partial_images", "2")}},
	"speech_request.json": {Operation: schemas.OperationSpeech, Model: "gpt-4o-mini-tts", Speech: &schemas.SpeechRequest{
		Input: "The tide is out.", Voice: "alloy", Instructions: "Speak slowly.", ResponseFormat: "wav", Speed: ptr(1.25),
		Extra: rawFields("lang", `"en"`, "stream_format", `"sse"`)}},
	"moderation_request.json": {Operation: schemas.OperationModeration, Model: "omni-moderation-latest", Moderation: &schemas.ModerationRequest{
		Input: json.RawMessage(`[{"type":"text","text":"a threat"},{"type":"image_url","image_url":{"url":"https://images.example/1.png"}}]`)}},
	"rerank_request.json": {Operation: schemas.OperationRerank, Model: "rerank-v3.5", Rerank: &schemas.RerankRequest{
		Query: "which town has a lighthouse?", Documents: []string{"the inland town", "the harbour town"}, TopN: ptr(1), ReturnDocuments: ptr(true),
		Extra: rawFields("max_tokens_per_doc", "512", "query", `"another"`)}},
}

func TestSmallRequestsAreSentAsTheirFilesHaveThem(t *testing.T) {
	for name, req := range smallRequests {
		t.Run(name, func(t *testing.T) {
			call, dropped, err := Codec{}.Encode(req)
			if err != nil || len(dropped) > 0 || call.Method != http.MethodPost {
				t.Fatalf("got %+v, dropped %v, %v", call, dropped, err)
			}
			dialecttest.SameJSON(t, call.Body, dialecttest.Golden(t, name))
		})
	}
}

func TestAnUploadIsSentAsItsFileHasIt(t *testing.T) {
	call, dropped, err := Codec{}.Encode(&schemas.Request{Operation: schemas.OperationTranscription, Model: "whisper-1",
		Transcription: &schemas.TranscriptionRequest{File: []byte("RIFF"), Filename: "tide.wav", Language: "en", Prompt: "tides",
			ResponseFormat: "verbose_json", Temperature: ptr(0.2), Extra: map[string]string{"timestamp_granularities[]": "word", "stream": "true"}}})
	if err != nil || len(dropped) > 0 {
		t.Fatalf("dropped %v, %v", dropped, err)
	}
	if want := string(dialecttest.Golden(t, "transcription_request.txt")); string(call.Body) != want {
		t.Errorf("got %q\nwant %q", call.Body, want)
	}
	if media := call.Header.Get("Content-Type"); !strings.HasPrefix(media, "multipart/form-data; boundary=bifrost-") {
		t.Errorf("the type is %q", media)
	}
}

// smallAnswers are what the answers in files mean.
var smallAnswers = []struct {
	file string
	req  schemas.Request
	want schemas.Response
}{
	{"completion_response.json", schemas.Request{Operation: schemas.OperationCompletion}, schemas.Response{Completion: &schemas.CompletionResponse{
		ID: "cmpl-1", Object: "text_completion", Created: 1589478378, Model: "gpt-3.5-turbo-instruct",
		Choices: []schemas.CompletionChoice{{Text: " there was", FinishReason: "length", Logprobs: json.RawMessage("null")},
			{Index: 1, Text: " it rained", FinishReason: "stop", Logprobs: json.RawMessage(`{"tokens": [" it"]}`)}},
		Usage: &schemas.Usage{PromptTokens: 7, CompletionTokens: 4, TotalTokens: 11}}}},
	{"image_response.json", schemas.Request{Operation: schemas.OperationImage}, schemas.Response{Image: &schemas.ImageResponse{Created: 1713833628,
		Data: []schemas.Image{{B64JSON: "aVZCT1I="}, {URL: "https://images.example/1.png", RevisedPrompt: "a white lighthouse in thick fog"}},
		Usage: json.RawMessage(`{"input_tokens": 50, "input_tokens_details": {"text_tokens": 10, "image_tokens": 40}, ` +
			`"output_tokens": 50, "total_tokens": 100}`)}}},
	{"moderation_response.json", schemas.Request{Operation: schemas.OperationModeration}, schemas.Response{Moderation: &schemas.ModerationResponse{
		ID: "modr-1", Model: "omni-moderation-latest", Results: []schemas.ModerationResult{{Flagged: true,
			Categories:     map[string]bool{"violence": true, "self-harm/intent": false},
			CategoryScores: map[string]float64{"violence": 0.86, "self-harm/intent": 0.0003}}}}}},
	{"rerank_response_cohere.json", schemas.Request{Operation: schemas.OperationRerank}, schemas.Response{Rerank: &schemas.RerankResponse{
		ID: "07734bd2", Results: []schemas.RerankResult{{Index: 1, RelevanceScore: 0.98, Document: "the harbour town"}, {RelevanceScore: 0.02}}}}},
	{"rerank_response_vllm.json", schemas.Request{Operation: schemas.OperationRerank}, schemas.Response{Rerank: &schemas.RerankResponse{
		ID: "rerank-1", Model: "BAAI/bge-reranker-base", Results: []schemas.RerankResult{{RelevanceScore: 0.5, Document: "the inland town"}},
		Usage: &schemas.Usage{PromptTokens: 56, TotalTokens: 56}}}},
	{"transcription_response.json", transcriptionIn(""), schemas.Response{Transcription: &schemas.TranscriptionResponse{Text: "The tide is out.",
		Usage: json.RawMessage(`{"type": "tokens", "input_tokens": 14, "output_tokens": 6, "total_tokens": 20}`)}}},
	{"transcription_response_verbose.json", transcriptionIn("verbose_json"), schemas.Response{Transcription: &schemas.TranscriptionResponse{
		Text: "The tide is out.", Language: "english", Duration: 1.52,
		Segments: json.RawMessage(`[{"id": 0, "seek": 0, "start": 0.0, "end": 1.52, "text": " The tide is out.", "tokens": [50364], ` +
			`"temperature": 0.0, "avg_logprob": -0.28, "compression_ratio": 1.2, "no_speech_prob": 0.01}]`),
		Words: json.RawMessage(`[{"word": "The", "start": 0.0, "end": 0.2}]`)}}},
	{"transcription_response.srt", transcriptionIn("srt"), schemas.Response{Transcription: &schemas.TranscriptionResponse{
		Text: "1\n00:00:00,000 --> 00:00:01,520\nThe tide is out.\n\n"}}},
}

func transcriptionIn(format string) schemas.Request {
	return schemas.Request{Operation: schemas.OperationTranscription, Transcription: &schemas.TranscriptionRequest{ResponseFormat: format}}
}

func TestSmallAnswersInFilesAreReadWhole(t *testing.T) {
	for _, c := range smallAnswers {
		t.Run(c.file, func(t *testing.T) {
			media := "application/json"
			if !strings.HasSuffix(c.file, ".json") {
				media = "text/plain"
			}
			got, err := Codec{}.Decode(&c.req, http.Header{"Content-Type": {media}}, dialecttest.Golden(t, c.file), "")
			if err != nil {
				t.Fatal(err)
			}
			if !reflect.DeepEqual(*got, c.want) {
				a, _ := json.MarshalIndent(got, "", " ")
				b, _ := json.MarshalIndent(c.want, "", " ")
				t.Errorf("got %s\nwant %s", a, b)
			}
		})
	}
}
