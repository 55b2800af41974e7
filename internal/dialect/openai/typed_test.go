package openai

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"reflect"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"bifrost/internal/dialect"
	"bifrost/internal/dialect/dialecttest"
	"bifrost/schemas"
)

func TestATypedRequestIsWrittenAsACallOfTheResponsesAPI(t *testing.T) {
	yes := true
	req := &schemas.ResponsesRequest{Model: "m", Input: schemas.ResponsesInput{Text: "hi"}, Store: &yes,
		Extra: map[string]json.RawMessage{"prompt": json.RawMessage(`{"id":"p"}`), "stream": json.RawMessage("true"), "store": json.RawMessage("false"),
			"fallbacks": json.RawMessage(`["a/b"]`)}}
	for want, c := range map[string]struct {
		model  string
		stream bool
	}{
		`{"model":"m","input":"hi","store":true,"prompt":{"id":"p"}}`:               {},
		`{"model":"n","input":"hi","store":true,"prompt":{"id":"p"},"stream":true}`: {"n", true},
	} {
		raw, err := EncodeResponses(req, PathResponses, c.model, c.stream)
		if err != nil {
			t.Fatal(err)
		}
		dialecttest.SameJSON(t, raw.Body, []byte(want))
		if s := look(raw); s.Operation != schemas.OperationResponses || s.Stream != c.stream || !dialect.IsJSON(raw.Header) {
			t.Errorf("it is %+v with %v", s, raw.Header)
		}
	}
	raw, err := EncodeResponses(&schemas.ResponsesRequest{Extra: map[string]json.RawMessage{"prompt": json.RawMessage(`1`)}}, PathResponses, "", false)
	if err != nil || string(raw.Body) != `{"prompt":1}` {
		t.Errorf("got %s, %v", raw.Body, err)
	}
	req.Tools = []schemas.ResponsesTool{{Type: "x", Raw: json.RawMessage("{")}}
	if _, err := EncodeResponses(req, PathResponses, "", false); !errors.Is(err, schemas.ErrInvalidRequest) {
		t.Errorf("got %v", err)
	}
}

// What is written of a typed request has the fields of the file, whose meaning for a
// chat other tests hold.
func TestATypedRequestIsTheSameAsOneOnTheWire(t *testing.T) {
	data := dialecttest.Golden(t, "responses_request.json")
	req := &schemas.ResponsesRequest{}
	if err := json.Unmarshal(data, req); err != nil {
		t.Fatal(err)
	}
	raw, err := EncodeResponses(req, PathResponses, "", false)
	if err != nil {
		t.Fatal(err)
	}
	want, err := translateResponses(&schemas.RawRequest{Body: data})
	if err != nil {
		t.Fatal(err)
	}
	got, err := translateResponses(raw)
	if err != nil {
		t.Fatal(err)
	}
	for _, tr := range []dialect.Translation{want, got} {
		tr.Request().Chat.Extra = nil // fields that the typed request has not; its own Extra is the caller's
	}
	dialecttest.SameJSON(t, dialecttest.JSON(t, got.Request().Chat), dialecttest.JSON(t, want.Request().Chat))
}

func TestCallsForWhatIsKeptHaveTheirPlaces(t *testing.T) {
	five, id := int64(5), "a/b?"
	stored := &schemas.StoredResponseRequest{ID: id, Include: []string{"x", "y"}, StartingAfter: &five, Extra: map[string]string{"stream": "true", "e": "1"}}
	call := func(raw *schemas.RawRequest, err error) string {
		if err != nil {
			return err.Error()
		}
		if raw.Query != "" {
			raw.Query = "?" + raw.Query
		}
		return raw.Method + " " + raw.Path + raw.Query + " " + string(look(raw).Operation)
	}
	for want, got := range map[string]string{
		"GET /responses/a%2Fb%3F?e=1&include%5B%5D=x&include%5B%5D=y responses":                              call(ResponseCall(http.MethodGet, stored, false)),
		"GET /responses/a%2Fb%3F?e=1&include%5B%5D=x&include%5B%5D=y&starting_after=5&stream=true responses": call(ResponseCall(http.MethodGet, stored, true)),
		"DELETE /responses/a%2Fb%3F responses":                                                               call(ResponseCall(http.MethodDelete, stored, false)),
		"POST /responses/a%2Fb%3F/cancel responses":                                                          call(ResponseCall(http.MethodPost, stored, false)),
		"GET /responses/a%2Fb%3F/input_items?after=i&include%5B%5D=x&limit=2&order=asc responses":            call(InputItemsCall(&schemas.InputItemsRequest{ID: id, Include: []string{"x"}, After: "i", Limit: 2, Order: "asc"})),
		"GET /responses/i/input_items responses":                                                             call(InputItemsCall(&schemas.InputItemsRequest{ID: "i"})),
		"GET /files/a%2Fb%3F files":                                                                          call(FileCall(http.MethodGet, &schemas.FileRequest{ID: id})),
		"DELETE /files/a%2Fb%3F files":                                                                       call(FileCall(http.MethodDelete, &schemas.FileRequest{ID: id})),
		"GET /files/a%2Fb%3F/content files":                                                                  call(FileContentCall(&schemas.FileRequest{ID: id})),
		"GET /files?after=f&limit=3&order=desc&purpose=batch files":                                          call(FilesCall(&schemas.FileListRequest{After: "f", Limit: 3, Order: "desc", Purpose: "batch"}), nil),
		"GET /batches/a%2Fb%3F batches":                                                                      call(BatchCall(http.MethodGet, &schemas.BatchRequest{ID: id})),
		"POST /batches/a%2Fb%3F/cancel batches":                                                              call(BatchCall(http.MethodPost, &schemas.BatchRequest{ID: id})),
		"GET /batches?limit=1 batches":                                                                       call(BatchesCall(&schemas.BatchListRequest{Limit: 1}), nil),
		"invalid_request: the request has no ID; name what the provider keeps":                               call(FileContentCall(&schemas.FileRequest{})),
	} {
		if got != want {
			t.Errorf("got  %s\nwant %s", got, want)
		}
	}
}

func TestABatchIsAskedForWithItsDay(t *testing.T) {
	raw, err := BatchCreateCall(&schemas.BatchCreateRequest{InputFileID: "f", Endpoint: "/v1/embeddings",
		Extra: map[string]json.RawMessage{"output_expires_after": json.RawMessage(`{"seconds":3600}`)}})
	if err != nil {
		t.Fatal(err)
	}
	dialecttest.SameJSON(t, raw.Body, []byte(`{"input_file_id":"f","endpoint":"/v1/embeddings","completion_window":"24h","output_expires_after":{"seconds":3600}}`))
}

func TestAFileIsAFormWithItsPurpose(t *testing.T) {
	raw, err := UploadCall(t.Context(), &schemas.FileUploadRequest{File: strings.NewReader("a\nb"), Filename: "ö \"x\".jsonl", Purpose: "batch",
		Extra: map[string]string{"expires_after[seconds]": "60", "file": "no", "purpose": "no"}})
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{"purpose": "batch", "expires_after[seconds]": "60", "file": "a\nb"} {
		values, err := dialect.FormValues(raw.Header, raw.Body, name)
		if err != nil || len(values) != 1 || string(values[0]) != want {
			t.Errorf("%s is %q, %v", name, values, err)
		}
	}
	if !bytes.Contains(raw.Body, []byte(`filename="ö \"x\".jsonl"`)) || look(raw).Operation != schemas.OperationFiles {
		t.Errorf("got %s", raw.Body)
	}
}

func TestAnUploadThatCannotBeMadeSaysWhy(t *testing.T) {
	broken := errors.New("broken")
	canceled, cancel := context.WithCancel(t.Context())
	cancel()
	for want, c := range map[string]struct {
		ctx context.Context
		req schemas.FileUploadRequest
		is  error
	}{
		"no File":            {t.Context(), schemas.FileUploadRequest{Purpose: "p"}, schemas.ErrInvalidRequest},
		"no Purpose":         {t.Context(), schemas.FileUploadRequest{File: strings.NewReader("")}, schemas.ErrInvalidRequest},
		"control characters": {t.Context(), schemas.FileUploadRequest{File: strings.NewReader(""), Purpose: "p", Filename: "a\nb"}, schemas.ErrInvalidRequest},
		"extra field":        {t.Context(), schemas.FileUploadRequest{File: strings.NewReader(""), Purpose: "p", Extra: map[string]string{"\r": ""}}, schemas.ErrInvalidRequest},
		"see the cause":      {t.Context(), schemas.FileUploadRequest{File: io.MultiReader(strings.NewReader("a"), failing{broken}), Purpose: "p"}, broken},
		"given up":           {canceled, schemas.FileUploadRequest{File: strings.NewReader(""), Purpose: "p"}, schemas.ErrCanceled},
	} {
		if _, err := UploadCall(c.ctx, &c.req); !errors.Is(err, c.is) || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v", want, err)
		}
	}
}

type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }

// eventsIn returns the events of a stream, and what it ended with.
func eventsIn(src io.Reader) (all []*schemas.ResponsesEvent, end error) {
	for s := NewResponsesEvents(src); ; {
		e, err := s.Next()
		if err != nil {
			return all, err
		}
		all = append(all, e)
	}
}

func accumulated(events []*schemas.ResponsesEvent) *schemas.ResponsesResponse {
	var acc schemas.ResponsesAccumulator
	for _, e := range events {
		acc.Add(e)
	}
	return acc.Response()
}

func TestTheEventsOfAStreamAddUpToItsResponse(t *testing.T) {
	events, err := eventsIn(bytes.NewReader(dialecttest.Golden(t, "responses_stream.sse")))
	if err != io.EOF {
		t.Fatal(err)
	}
	last := events[len(events)-1]
	if !last.Ends() || last.Response.OutputText() != "It rains." || last.SequenceNumber != int64(len(events)-1) {
		t.Fatalf("the last event is %s", last.Raw)
	}
	if got := accumulated(events); !reflect.DeepEqual(got, last.Response) {
		t.Errorf("got %+v", got)
	}
	for end := range events { // what there is before the end is a beginning of it
		got := accumulated(events[:end])
		if n := len(got.Output); n > len(last.Response.Output) || !strings.HasPrefix(last.Response.OutputText(), got.OutputText()) {
			t.Errorf("after %d events: %+v", end, got)
		}
	}
	got := accumulated(events[:len(events)-1])
	dialecttest.SameJSON(t, dialecttest.JSON(t, got.Output), dialecttest.JSON(t, last.Response.Output))
}

func TestAStreamedResponseAddsUpToTheWholeOne(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		stream, body := cutAnswer(t)
		events, err := eventsIn(bytes.NewReader(stream))
		if err != io.EOF {
			t.Fatal(err)
		}
		whole, err := DecodeResponse(body)
		if err != nil {
			t.Fatal(err)
		}
		if got := accumulated(events); !reflect.DeepEqual(got, whole) {
			t.Fatalf("got  %+v\nwant %+v", got, whole)
		}
		if got := accumulated(events[:len(events)-1]); !reflect.DeepEqual(got.Output, whole.Output) {
			t.Fatalf("without the last event\ngot  %+v\nwant %+v", got.Output, whole.Output)
		}
	})
}

func TestAStreamThatDoesNotEndAsItShouldIsAnError(t *testing.T) {
	const begun = "event: response.created\ndata: {\"type\":\"response.created\",\"response\":{\"id\":\"r\"}}\n\n"
	const done = "data: {\"type\":\"response.completed\",\"response\":{\"id\":\"r\"}}\n\n"
	told := &schemas.Error{Kind: schemas.KindRateLimited}
	for name, c := range map[string]struct {
		src  io.Reader
		n    int
		want error
	}{
		"whole":                   {strings.NewReader(": a comment\n\n" + begun + done + "data: [DONE]\n\n"), 2, io.EOF},
		"names without types":     {strings.NewReader("event: response.completed\ndata: {\"response\":{\"id\":\"r\"}}\n\n"), 1, io.EOF},
		"no end":                  {strings.NewReader(begun), 1, schemas.ErrUpstream},
		"nothing":                 {strings.NewReader(""), 0, schemas.ErrUpstream},
		"cut off":                 {strings.NewReader(begun + "data: {\"type\":\"resp"), 1, schemas.ErrUpstream},
		"no JSON":                 {strings.NewReader(begun + "data: {\n\n"), 1, schemas.ErrUpstream},
		"no object":               {strings.NewReader(begun + "data: []\n\n"), 1, schemas.ErrUpstream},
		"broken":                  {io.MultiReader(strings.NewReader(begun), failing{told}), 1, told},
		"an error":                {strings.NewReader(begun + "event: error\ndata: {\"type\":\"error\",\"code\":\"rate_limit_exceeded\",\"message\":\"m\"}\n\n"), 1, schemas.ErrRateLimited},
		"an error without a type": {strings.NewReader(begun + "data: {\"error\":{\"code\":\"rate_limit_exceeded\"}}\n\n" + done), 1, schemas.ErrRateLimited},
		"an error and its cause":  {io.MultiReader(strings.NewReader(begun+"data: {\"error\":{\"message\":\"m\"}}\n\n"), failing{told}), 1, told},
		"failed":                  {strings.NewReader(begun + "data: {\"type\":\"response.failed\",\"response\":{\"id\":\"r\",\"status\":\"failed\"}}\n\n"), 2, io.EOF},
	} {
		if events, err := eventsIn(c.src); len(events) != c.n || !errors.Is(err, c.want) {
			t.Errorf("%s: %d events, %v", name, len(events), err)
		}
	}
}

func TestAnAnswerThatIsNoneIsAnError(t *testing.T) {
	for body, want := range map[string]error{
		`{"id":"r","object":"response","status":"failed","error":{"code":"server_error","message":"m"}}`: nil,
		`{"id":"r","output":[]}`:                         nil,
		`{"error":{"code":"rate_limit_exceeded"}}`:       schemas.ErrRateLimited,
		`{"object":"error","code":429,"message":"slow"}`: schemas.ErrUpstream,
		`{"object":"chat.completion","choices":[]}`:      schemas.ErrUpstream,
		`[]`: schemas.ErrUpstream,
		``:   schemas.ErrUpstream,
	} {
		if _, err := DecodeResponse([]byte(body)); !errors.Is(err, want) {
			t.Errorf("%s: %v", body, err)
		}
	}
	none := []byte(`{"object":"list"}`)
	for name, err := range map[string]error{
		"a file": second(DecodeFile(none)), "a list of files": second(DecodeFiles(none)), "a deletion": second(DecodeDeletion(none)),
		"a batch": second(DecodeBatch(none)), "a list of batches": second(DecodeBatches(none)), "a list of items": second(DecodeItems(none)),
		"a count of tokens": second(DecodeInputTokens(none)),
	} {
		if !errors.Is(err, schemas.ErrUpstream) || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func second[T any](_ T, err error) error { return err }

func FuzzResponsesEventStream(f *testing.F) {
	f.Add(dialecttest.Golden(f, "responses_stream.sse"))
	f.Add([]byte("event: error\ndata: {\"type\":\"error\"}\n\n"))
	f.Add([]byte("data: {\"error\":{}}\n\ndata: {\"type\":\"response.failed\",\"response\":null}\n\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		events, err := eventsIn(bytes.NewReader(data))
		if err != io.EOF {
			mustBeOurs(t, err)
		} else if len(events) == 0 {
			t.Fatal("a stream of nothing ended well")
		}
		if _, err := json.Marshal(accumulated(events)); err != nil {
			t.Fatal(err)
		}
	})
}

func FuzzDecodeStored(f *testing.F) {
	f.Add([]byte(`{"id":"file-1","object":"file","deleted":true,"input_tokens":3,"data":[{"id":"x"}],"output":[{"type":"message"}]}`))
	f.Add(dialecttest.Golden(f, "error_429.json"))
	f.Fuzz(func(t *testing.T, data []byte) {
		for _, err := range []error{second(DecodeResponse(data)), second(DecodeFile(data)), second(DecodeFiles(data)), second(DecodeDeletion(data)),
			second(DecodeBatch(data)), second(DecodeBatches(data)), second(DecodeItems(data)), second(DecodeInputTokens(data))} {
			mustBeOurs(t, err)
		}
	})
}
