package gateway_test

import (
	"context"
	"io"
	"net/http"
	"strings"
	"testing"

	"bifrost"
	"bifrost/gateway"
	"bifrost/schemas"
)

// keeper is a provider that has files, batches and responses, and tells what it was
// asked.
func keeper(name string, asked chan<- string) *fake {
	return &fake{has: []schemas.Operation{schemas.OperationFiles, schemas.OperationBatches, schemas.OperationResponses},
		call: func(_ context.Context, raw *schemas.RawRequest) (*schemas.RawResponse, error) {
			asked <- strings.TrimSpace(name + " " + raw.Method + " " + raw.Path + " " + raw.Query + raw.Header.Get("X-Bifrost-Provider") + string(raw.Body))
			return reply(`{"id":"x"}`), nil
		}}
}

// Calls that name no model, as the SDKs make them.
var namelessCalls = []struct{ method, path, body string }{
	{"GET", "/files", ""},
	{"GET", "/files/f-1", ""},
	{"GET", "/files/f-1/content", ""},
	{"DELETE", "/files/f-1", ""},
	{"POST", "/batches", `{"input_file_id":"f-1","endpoint":"/v1/chat/completions"}`},
	{"GET", "/batches", ""},
	{"POST", "/batches/b-1/cancel", ""},
	{"POST", "/uploads", `{"purpose":"batch"}`},
	{"POST", "/uploads/u-1/complete", `{"part_ids":["p"]}`},
	{"GET", "/responses/r-1", ""},
	{"DELETE", "/responses/r-1", ""},
	{"POST", "/responses/r-1/cancel", ""},
	{"GET", "/responses/r-1/input_items", ""},
	{"GET", "/vector_stores", ""},
}

func TestACallThatNamesNoModelGoesToTheOnlyProviderThatHasTheOperation(t *testing.T) {
	asked := make(chan string, 1)
	s := serve(t, schemas.BifrostConfig{}, gateway.Options{}, bifrost.WithProvider("keeper", keeper("keeper", asked)),
		bifrost.WithProvider("foreign", &fake{dialect: "anthropic", has: []schemas.Operation{schemas.OperationFiles, schemas.OperationBatches}}))
	for _, c := range namelessCalls {
		for _, prefix := range []string{"/v1", "/openai/v1"} {
			got := s.do(t, s.request(t, c.method, prefix+c.path, c.body))
			if got.status != 200 || got.body != `{"id":"x"}` || got.header.Get("X-Bifrost-Provider") != "keeper" {
				t.Fatalf("%s %s: got %d %s", c.method, c.path, got.status, got.body)
			}
			if want, told := strings.TrimSpace("keeper "+c.method+" "+c.path+" "+c.body), <-asked; told != want {
				t.Errorf("the provider got %q, want %q", told, want)
			}
		}
	}
}

func TestOneOfSeveralProvidersIsNamedByAHeaderThatIsNotPassedOn(t *testing.T) {
	asked := make(chan string, 1)
	s := serve(t, schemas.BifrostConfig{}, gateway.Options{},
		bifrost.WithProvider("one", keeper("one", asked)), bifrost.WithProvider("two", keeper("two", asked)))
	for _, c := range namelessCalls {
		got := s.do(t, s.request(t, c.method, "/v1"+c.path, c.body))
		wantError{status: 400, code: "invalid_request", kind: faulty, saysPartly: "send the header X-Bifrost-Provider with one of: one, two"}.check(t, got)
		if got := s.do(t, s.request(t, c.method, "/v1"+c.path, c.body, "X-Bifrost-Provider", "two")); got.status != 200 {
			t.Fatalf("%s %s: got %d %s", c.method, c.path, got.status, got.body)
		}
		if want, told := strings.TrimSpace("two "+c.method+" "+c.path+" "+c.body), <-asked; told != want {
			t.Errorf("the provider got %q, want %q", told, want)
		}
	}
	got := s.get(t, "/v1/files", "X-Bifrost-Provider", "three")
	wantError{status: 404, code: "not_found", kind: faulty, saysPartly: "one, two"}.check(t, got)
}

func TestTheHeaderAlsoNamesTheProviderOfABareModel(t *testing.T) {
	asked := make(chan string, 1)
	s := serve(t, schemas.BifrostConfig{}, gateway.Options{},
		bifrost.WithProvider("one", keeper("one", asked)), bifrost.WithProvider("two", keeper("two", asked)))
	for model, passed := range map[string]string{"m": "m", "two/m": "m", "one/m": "one/m"} {
		if got := s.post(t, "/v1/responses", `{"model":"`+model+`"}`, "X-Bifrost-Provider", "two"); got.status != 200 {
			t.Fatalf("got %d %s", got.status, got.body)
		}
		if told := <-asked; told != `two POST /responses {"model":"`+passed+`"}` {
			t.Errorf("%s: the provider got %s", model, told)
		}
	}
}

func TestACallThatNoProviderHasIsRefusedInSoManyWords(t *testing.T) {
	for name, c := range map[string]struct {
		options []bifrost.Option
		account schemas.StaticAccount
		says    string
	}{
		"one lacks it": {nil, schemas.StaticAccount{"p": {Keys: []schemas.Key{{Value: "k"}}, Config: schemas.ProviderConfig{Type: "sambanova"}}},
			"the provider has no files; it has chat, chat_stream, embeddings, list_models, raw"},
		"several lack it":     {[]bifrost.Option{bifrost.WithProvider("a", always(answer)), bifrost.WithProvider("b", always(answer))}, nil, "no provider here has files"},
		"none of the dialect": {[]bifrost.Option{bifrost.WithProvider("a", &fake{dialect: "anthropic"})}, nil, "no provider here has files"},
	} {
		t.Run(name, func(t *testing.T) {
			cfg := schemas.BifrostConfig{}
			if c.account != nil {
				cfg.Account = c.account
			}
			got := serve(t, cfg, gateway.Options{}, c.options...).get(t, "/v1/files")
			wantError{status: 400, code: "unsupported_operation", kind: faulty, saysPartly: c.says}.check(t, got)
		})
	}
}

func TestAnthropicsBatchesAndFilesGoToAProviderOfItsDialect(t *testing.T) {
	asked := make(chan string, 1)
	own := keeper("own", asked)
	own.dialect = schemas.DialectAnthropic
	s := serve(t, schemas.BifrostConfig{}, gateway.Options{}, bifrost.WithProvider("own", own), bifrost.WithProvider("other", keeper("other", asked)))
	for _, c := range []struct{ method, path, body, want string }{
		{"POST", "/v1/messages/batches", `{"requests":[]}`, `own POST /messages/batches {"requests":[]}`},
		{"GET", "/v1/messages/batches/b", "", "own GET /messages/batches/b"},
		{"GET", "/anthropic/v1/messages/batches/b/results", "", "own GET /messages/batches/b/results"},
		{"POST", "/anthropic/v1/messages/batches/b/cancel", "", "own POST /messages/batches/b/cancel"},
		{"DELETE", "/v1/messages/batches/b", "", "own DELETE /messages/batches/b"},
		{"GET", "/anthropic/v1/files", "", "own GET /files"},
		{"GET", "/v1/files/f/content", "", "own GET /files/f/content"},
	} {
		got := s.do(t, s.request(t, c.method, c.path, c.body, "Anthropic-Version", "2023-06-01"))
		if got.status != 200 {
			t.Fatalf("%s %s: got %d %s", c.method, c.path, got.status, got.body)
		}
		if told := <-asked; told != c.want {
			t.Errorf("the provider got %q, want %q", told, c.want)
		}
	}
	wantRefusal(t, s.get(t, "/anthropic/v1/organizations"), 404, "not_found_error", "not_found")
}

// What was stored reaches the client as it comes, and is not looked at, whatever it is.
func TestADownloadStreamsThroughAsItIs(t *testing.T) {
	for _, media := range []string{"application/octet-stream", "text/event-stream", "application/json"} {
		r, w := io.Pipe()
		s := serve(t, schemas.BifrostConfig{}, gateway.Options{}, bifrost.WithProvider("fake", &fake{has: []schemas.Operation{schemas.OperationFiles},
			call: func(context.Context, *schemas.RawRequest) (*schemas.RawResponse, error) {
				resp := replyFrom(media, r)
				resp.Header.Set("Content-Disposition", `attachment; filename="a.jsonl"`)
				return resp, nil
			}}))
		resp := make(chan *http.Response, 1)
		go func() { // ends with the answer's headers
			got, err := s.Client().Do(s.request(t, "GET", "/v1/files/f/content", ""))
			if err != nil {
				t.Error(err)
			}
			resp <- got
		}()
		first := "data: {half\x00\xff an event" + strings.Repeat(" ", 8<<10) // more than a buffer of the server's
		if _, err := io.WriteString(w, first); err != nil {
			t.Fatal(err)
		}
		got := await(t, "the headers", resp)
		if got == nil {
			return
		}
		defer got.Body.Close()
		if got.Header.Get("Content-Type") != media || got.Header.Get("Content-Disposition") != `attachment; filename="a.jsonl"` {
			t.Errorf("got %v", got.Header)
		}
		beginning := make([]byte, 4<<10)
		if _, err := io.ReadFull(got.Body, beginning); err != nil { // while the provider has more to come
			t.Fatal(err)
		}
		go func() { // ends when the rest is read
			_, _ = io.WriteString(w, "\nrest")
			w.Close()
		}()
		rest, err := io.ReadAll(got.Body)
		if err != nil || string(beginning)+string(rest) != first+"\nrest" {
			t.Errorf("%s: got %q and %q, %v", media, beginning[:40], rest[max(0, len(rest)-20):], err)
		}
	}
}

func TestAnOperationInDisguiseIsNotServed(t *testing.T) {
	s := serve(t, schemas.BifrostConfig{}, gateway.Options{}, bifrost.WithProvider("fake", keeper("fake", make(chan string, 1))))
	for _, path := range []string{"/v1/%66iles", "/v1/batc%68es/b", "/v1/audio%2Ftranscriptions", "/v1/files/", "/v1/responses"} {
		nowhere.check(t, s.get(t, path))
	}
	for _, method := range []string{"PUT", "PATCH", "OPTIONS"} {
		nowhere.check(t, s.do(t, s.request(t, method, "/v1/files/f", "")))
	}
	for _, path := range []string{"/v1/audio/speech", "/v1/images/generations", "/v1/completions"} {
		nowhere.check(t, s.get(t, path))
	}
}
