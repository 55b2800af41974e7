package bifrost_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"bifrost/schemas"
)

// keptAnswers are those of a server that keeps responses, files and batches, by hand from
// https://platform.openai.com/docs/api-reference.
var keptAnswers = map[string]string{
	"GET /v1/responses/resp_1":             aResponse,
	"DELETE /v1/responses/resp_1":          `{"id":"resp_1","object":"response","deleted":true}`,
	"POST /v1/responses/resp_1/cancel":     `{"id":"resp_1","object":"response","status":"cancelled","output":[]}`,
	"GET /v1/responses/resp_1/input_items": `{"object":"list","data":[{"type":"message","id":"msg_0","role":"user","content":[{"type":"input_text","text":"hi"}]},{"type":"x","a":1}],"first_id":"msg_0","last_id":"x_1","has_more":true}`,
	"POST /v1/responses/compact":           `{"id":"resp_2","object":"response.compaction","created_at":1,"output":[{"type":"message","role":"user","content":"hi"},{"type":"compaction","id":"cmp_1","encrypted_content":"gAAA"}],"usage":{"input_tokens":9,"output_tokens":1,"total_tokens":10}}`,
	"POST /v1/responses/input_tokens":      `{"object":"response.input_tokens","input_tokens":11}`,
	"GET /v1/responses/resp_bg":            aStream + aStreamsEnd,
	"POST /v1/files":                       `{"id":"file-1","object":"file","bytes":3,"created_at":1,"filename":"a.jsonl","purpose":"batch"}`,
	"GET /v1/files":                        `{"object":"list","data":[{"id":"file-1","object":"file","bytes":3}],"first_id":"file-1","last_id":"file-1","has_more":false}`,
	"GET /v1/files/file-1":                 `{"id":"file-1","object":"file","bytes":3}`,
	"GET /v1/files/file-1/content":         `{"custom_id":"1","error":{"message":"this is content"}}`,
	"DELETE /v1/files/file-1":              `{"id":"file-1","object":"file","deleted":true}`,
	"POST /v1/batches":                     `{"id":"batch_1","object":"batch","status":"validating"}`,
	"GET /v1/batches/batch_1":              `{"id":"batch_1","object":"batch","status":"completed","output_file_id":"file-2","errors":null,"request_counts":{"total":2,"completed":2,"failed":0}}`,
	"POST /v1/batches/batch_1/cancel":      `{"id":"batch_1","object":"batch","status":"cancelling"}`,
	"GET /v1/batches":                      `{"object":"list","data":[{"id":"batch_1","object":"batch","status":"completed"}],"has_more":true,"last_id":"batch_1"}`,
}

func TestWhatAProviderKeepsIsAskedForByTypedRequests(t *testing.T) {
	u := upstreamOf(t, keptAnswers)
	client := clientOf(t, schemas.StaticAccount{"p": at("openai", u.URL)})
	ctx := t.Context()
	response := &schemas.StoredResponseRequest{Provider: "p", ID: "resp_1", Include: []string{"reasoning.encrypted_content"}}
	file, batch := &schemas.FileRequest{Provider: "p", ID: "file-1"}, &schemas.BatchRequest{Provider: "p", ID: "batch_1"}
	for _, c := range []struct {
		asked string
		ask   func() (served schemas.Served, ok bool, err error)
	}{
		{"GET /v1/responses/resp_1?include%5B%5D=reasoning.encrypted_content ", func() (schemas.Served, bool, error) {
			r, err := client.ResponsesRetrieveRequest(ctx, response)
			return served(r, err), err == nil && r.OutputText() == "hello", err
		}},
		{"DELETE /v1/responses/resp_1 ", func() (schemas.Served, bool, error) {
			r, err := client.ResponsesDeleteRequest(ctx, response)
			return served(r, err), err == nil && r.Deleted && r.ID == "resp_1", err
		}},
		{"POST /v1/responses/resp_1/cancel ", func() (schemas.Served, bool, error) {
			r, err := client.ResponsesCancelRequest(ctx, response)
			return served(r, err), err == nil && r.Status == schemas.ResponseCancelled, err
		}},
		{"GET /v1/responses/resp_1/input_items?limit=2 ", func() (schemas.Served, bool, error) {
			r, err := client.ResponsesInputItemsRequest(ctx, &schemas.InputItemsRequest{Provider: "p", ID: "resp_1", Limit: 2})
			return served(r, err), err == nil && r.HasMore && r.LastID == "x_1" && r.Data[0].Content.PlainText() == "hi" && string(r.Data[1].Raw) == `{"type":"x","a":1}`, err
		}},
		{`POST /v1/responses/compact {"model":"m","input":"hi"}`, func() (schemas.Served, bool, error) {
			r, err := client.ResponsesCompactRequest(ctx, hi("p"))
			return served(r, err), err == nil && r.Object == "response.compaction" && r.Output[1].Type == "compaction" && r.Served.Model == "m", err
		}},
		{`POST /v1/files `, func() (schemas.Served, bool, error) {
			r, err := client.FileUploadRequest(ctx, &schemas.FileUploadRequest{Provider: "p", File: strings.NewReader("abc"), Filename: "a.jsonl", Purpose: "batch"})
			return served(r, err), err == nil && r.ID == "file-1" && r.Purpose == "batch" && r.Bytes == 3, err
		}},
		{"GET /v1/files?after=f&purpose=batch ", func() (schemas.Served, bool, error) {
			r, err := client.FileListRequest(ctx, &schemas.FileListRequest{Provider: "p", Purpose: "batch", After: "f"})
			return served(r, err), err == nil && len(r.Data) == 1 && r.LastID == "file-1" && !r.HasMore, err
		}},
		{"GET /v1/files/file-1 ", func() (schemas.Served, bool, error) {
			r, err := client.FileRetrieveRequest(ctx, file)
			return served(r, err), err == nil && r.Bytes == 3, err
		}},
		{"DELETE /v1/files/file-1 ", func() (schemas.Served, bool, error) {
			r, err := client.FileDeleteRequest(ctx, file)
			return served(r, err), err == nil && r.Deleted, err
		}},
		{`POST /v1/batches {"input_file_id":"file-1","endpoint":"/v1/chat/completions","completion_window":"24h"}`, func() (schemas.Served, bool, error) {
			r, err := client.BatchCreateRequest(ctx, &schemas.BatchCreateRequest{Provider: "p", InputFileID: "file-1", Endpoint: "/v1/chat/completions"})
			return served(r, err), err == nil && r.Status == "validating", err
		}},
		{"GET /v1/batches/batch_1 ", func() (schemas.Served, bool, error) {
			r, err := client.BatchRetrieveRequest(ctx, batch)
			return served(r, err), err == nil && r.OutputFileID == "file-2" && r.RequestCounts.Completed == 2 && r.Errors == nil, err
		}},
		{"POST /v1/batches/batch_1/cancel ", func() (schemas.Served, bool, error) {
			r, err := client.BatchCancelRequest(ctx, batch)
			return served(r, err), err == nil && r.Status == "cancelling", err
		}},
		{"GET /v1/batches?after=b&limit=1 ", func() (schemas.Served, bool, error) {
			r, err := client.BatchListRequest(ctx, &schemas.BatchListRequest{Provider: "p", After: "b", Limit: 1})
			return served(r, err), err == nil && r.HasMore && r.Data[0].Status == "completed", err
		}},
	} {
		who, ok, err := c.ask()
		if err != nil || !ok || who.Provider != "p" {
			t.Errorf("%s: served by %+v, %v, %v", c.asked, who, ok, err)
		}
		if got := <-u.asked; !strings.HasPrefix(got, c.asked) {
			t.Errorf("asked %s, want %s", got, c.asked)
		}
	}
	if n, err := client.ResponsesCountTokensRequest(ctx, hi("p")); err != nil || n.InputTokens != 11 {
		t.Errorf("got %+v, %v", n, err)
	}
}

// served returns who gave an answer.
func served(answer any, err error) schemas.Served {
	if err != nil {
		return schemas.Served{}
	}
	switch a := answer.(type) {
	case *schemas.ResponsesResponse:
		return a.Served
	case *schemas.Deletion:
		return a.Served
	case *schemas.ResponsesItemList:
		return a.Served
	case *schemas.File:
		return a.Served
	case *schemas.FileList:
		return a.Served
	case *schemas.Batch:
		return a.Served
	case *schemas.BatchList:
		return a.Served
	}
	return schemas.Served{}
}

func TestTheContentOfAFileIsPassedOnAsItIs(t *testing.T) {
	u := upstreamOf(t, keptAnswers)
	client := clientOf(t, schemas.StaticAccount{"p": at("openai", u.URL)})
	for range 3 { // the only worker comes back
		raw, err := client.FileContentRequest(t.Context(), &schemas.FileRequest{Provider: "p", ID: "file-1"})
		if err != nil {
			t.Fatal(err)
		}
		got, err := io.ReadAll(raw.Body)
		if err != nil || string(got) != keptAnswers["GET /v1/files/file-1/content"] {
			t.Errorf("got %s, %v", got, err)
		}
		_ = raw.Body.Close()
	}
}

func TestAResponseInTheBackgroundIsStreamedFromWhereItWas(t *testing.T) {
	u := upstreamOf(t, keptAnswers)
	client := clientOf(t, schemas.StaticAccount{"p": at("openai", u.URL)})
	last := int64(7)
	stream, err := client.ResponsesRetrieveStreamRequest(t.Context(), &schemas.StoredResponseRequest{Provider: "p", ID: "resp_bg", StartingAfter: &last})
	if err != nil {
		t.Fatal(err)
	}
	events, err := readAll(stream)
	if err != nil || len(events) != 4 || events[3].Response.OutputText() != "hello" {
		t.Errorf("%d events, %v", len(events), err)
	}
	if got := <-u.asked; got != "GET /v1/responses/resp_bg?starting_after=7&stream=true " {
		t.Errorf("asked %s", got)
	}
	_, err = client.ResponsesRetrieveStreamRequest(t.Context(), &schemas.StoredResponseRequest{Provider: "p", ID: "resp_1"})
	if !errors.Is(err, schemas.ErrUpstream) || !strings.Contains(err.Error(), "whole answer") {
		t.Errorf("a whole answer: %v", err)
	}
}

func TestARefusalOfWhatIsKeptIsTheProvidersOwn(t *testing.T) {
	u := upstreamOf(t, nil)
	client := clientOf(t, schemas.StaticAccount{"p": at("openai", u.URL)})
	_, err := client.FileRetrieveRequest(t.Context(), &schemas.FileRequest{Provider: "p", ID: "file-9"})
	var e *schemas.Error
	if !errors.As(err, &e) || e.Kind != schemas.KindNotFound || e.StatusCode != 404 || e.Provider != "p" ||
		!strings.Contains(string(e.Upstream.Body), "there is no such thing") {
		t.Errorf("got %v", err)
	}
}

// A provider that has not what is asked for says what it has, and is not asked.
func TestWhatAProviderDoesNotKeepIsRefusedBeforeItIsCalled(t *testing.T) {
	called := make(chan string, 100)
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { called <- r.URL.Path }))
	defer server.Close()
	client := clientOf(t, schemas.StaticAccount{"deepseek": at("deepseek", server.URL), "claude": at("anthropic", server.URL),
		"cerebras": at("cerebras", server.URL), "gemini": at("gemini", server.URL), "simulated": {}})
	ctx := t.Context()
	for _, provider := range []string{"deepseek", "cerebras", "claude", "gemini", "simulated", "nobody", ""} {
		info, _ := client.Info(provider)
		want := schemas.ErrUnsupportedOperation
		words := []string{"it has "}
		for _, op := range info.Operations {
			words = append(words, string(op))
		}
		switch {
		case provider == "":
			want, words = schemas.ErrInvalidRequest, []string{"set Provider"}
		case info.Type == "":
			want, words = schemas.ErrNotFound, nil
		case info.Dialect != schemas.DialectOpenAI:
			words = append(words, "the provider speaks "+string(info.Dialect))
			if slices.Contains(info.Operations, schemas.OperationFiles) {
				words = append(words, "RawRequest")
			}
		}
		answers := map[string]error{
			"batch":  second(client.BatchCreateRequest(ctx, &schemas.BatchCreateRequest{Provider: provider})),
			"stored": second(client.ResponsesRetrieveRequest(ctx, &schemas.StoredResponseRequest{Provider: provider, ID: "i"})),
			"items":  second(client.ResponsesInputItemsRequest(ctx, &schemas.InputItemsRequest{Provider: provider, ID: "i"})),
		}
		if provider != "simulated" { // which keeps files, and nothing else
			answers["upload"] = second(client.FileUploadRequest(ctx, &schemas.FileUploadRequest{Provider: provider, Purpose: "p", File: unread{t}}))
			answers["files"] = second(client.FileListRequest(ctx, &schemas.FileListRequest{Provider: provider}))
			answers["file"] = second(client.FileRetrieveRequest(ctx, &schemas.FileRequest{Provider: provider, ID: "i"}))
		}
		for what, err := range answers {
			var e *schemas.Error
			if !errors.Is(err, want) || !errors.As(err, &e) || e.Provider != provider {
				t.Errorf("%s, %s: %v", provider, what, err)
				continue
			}
			for _, word := range words {
				if word == "RawRequest" && what != "files" && what != "file" && what != "upload" {
					continue // its own form is of files
				}
				if !strings.Contains(err.Error(), word) {
					t.Errorf("%s, %s: no %q in %v", provider, what, word, err)
				}
			}
		}
	}
	select {
	case path := <-called:
		t.Errorf("%s was called", path)
	default:
	}
}

// unread is a file that nobody may read.
type unread struct{ t *testing.T }

func (u unread) Read([]byte) (int, error) {
	u.t.Error("the file was read in vain")
	return 0, io.EOF
}

func TestARequestForWhatIsKeptThatSaysTooLittleIsRefused(t *testing.T) {
	client := clientOf(t, schemas.StaticAccount{"p": at("openai", "http://127.0.0.1:1")})
	ctx := context.Background()
	for name, err := range map[string]error{
		"no id":         second(client.FileRetrieveRequest(ctx, &schemas.FileRequest{Provider: "p"})),
		"no id of one":  second(client.ResponsesCancelRequest(ctx, &schemas.StoredResponseRequest{Provider: "p"})),
		"out of place":  second(client.BatchRetrieveRequest(ctx, &schemas.BatchRequest{Provider: "p", ID: ".."})),
		"nil upload":    second(client.FileUploadRequest(ctx, nil)),
		"nil list":      second(client.FileListRequest(ctx, nil)),
		"nil file":      second(client.FileDeleteRequest(ctx, nil)),
		"nil content":   second(client.FileContentRequest(ctx, nil)),
		"nil batch":     second(client.BatchCancelRequest(ctx, nil)),
		"nil create":    second(client.BatchCreateRequest(ctx, nil)),
		"nil batches":   second(client.BatchListRequest(ctx, nil)),
		"nil response":  second(client.ResponsesDeleteRequest(ctx, nil)),
		"nil items":     second(client.ResponsesInputItemsRequest(ctx, nil)),
		"nil events":    second(client.ResponsesRetrieveStreamRequest(ctx, nil)),
		"nothing to do": second(client.FileUploadRequest(ctx, &schemas.FileUploadRequest{Provider: "p", Purpose: "p"})),
	} {
		if !errors.Is(err, schemas.ErrInvalidRequest) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
