package bifrost_test

import (
	"context"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"

	"bifrost"
	"bifrost/schemas"
)

// answering is a provider whose every raw answer has the same headers.
type answering struct {
	header  http.Header
	dialect schemas.Dialect
}

func (p answering) Describe() schemas.ProviderInfo {
	return schemas.ProviderInfo{Type: "answering", Dialect: p.dialect, KeyOptional: true,
		Operations: []schemas.Operation{schemas.OperationRaw}}
}

func (p answering) Call(context.Context, *schemas.Attempt) (*schemas.Response, error) {
	return &schemas.Response{Raw: &schemas.RawResponse{StatusCode: 200, Header: p.header, Body: io.NopCloser(strings.NewReader("{}"))}}, nil
}

func TestEveryAnswerThroughTransportHasARequestID(t *testing.T) {
	for name, c := range map[string]struct {
		header http.Header
		own    string
	}{
		"the provider's": {http.Header{"X-Request-Id": {"theirs"}}, "theirs"},
		"none":           {http.Header{"Content-Type": {"application/json"}}, ""},
		"no header":      {nil, ""},
	} {
		t.Run(name, func(t *testing.T) {
			client, err := bifrost.Init(schemas.BifrostConfig{}, bifrost.WithProvider("p", answering{c.header, schemas.DialectOpenAI}))
			if err != nil {
				t.Fatal(err)
			}
			defer client.Shutdown(context.Background())
			through := &http.Client{Transport: client.Transport("p")}
			var ids sync.Map
			var callers sync.WaitGroup
			for range 8 {
				callers.Go(func() {
					resp, err := through.Post("http://any/v1/chat/completions", "application/json", strings.NewReader(`{"model":"m"}`))
					if err != nil {
						t.Error(err)
						return
					}
					_, _ = io.Copy(io.Discard, resp.Body)
					_ = resp.Body.Close()
					id := resp.Header.Get("X-Request-Id")
					_, again := ids.Swap(id, true)
					if c.own != "" && id != c.own || c.own == "" && (id == "" || again) {
						t.Errorf("got %q, seen before: %v", id, again)
					}
				})
			}
			callers.Wait()
		})
	}
}

func TestTransportLooksForAModelInABodyAsItSaysWhatItIs(t *testing.T) {
	var asked []string
	p := providerFunc(func(_ context.Context, a *schemas.Attempt) (*schemas.Response, error) {
		asked = append(asked, a.Request.Model)
		return &schemas.Response{Raw: &schemas.RawResponse{StatusCode: 200, Body: io.NopCloser(strings.NewReader("{}"))}}, nil
	})
	client, err := bifrost.Init(schemas.BifrostConfig{}, bifrost.WithProvider("p", p))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = client.Shutdown(context.Background()) }()
	through := &http.Client{Transport: client.Transport("p")}
	const inJSON, inForm = `{"model":"m"}`, "--x\r\nContent-Disposition: form-data; name=\"model\"\r\n\r\nf\r\n--x--\r\n"
	for _, c := range [][2]string{{"application/json", inJSON}, {"application/json; charset=utf-8", inJSON}, {"multipart/form-data; boundary=x", inJSON},
		{"", inJSON}, {"multipart/form-data; boundary=x", inForm}, {"multipart/form-data", inForm}, {"application/json", inForm}} {
		media, body := c[0], c[1]
		req, err := http.NewRequest(http.MethodPost, "http://any/v1/files", strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Content-Type", media)
		resp, err := through.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		_ = resp.Body.Close()
	}
	if got := strings.Join(asked, ","); got != "m,m,,,f,," {
		t.Errorf("asked for the models %q", got)
	}
}

type providerFunc func(context.Context, *schemas.Attempt) (*schemas.Response, error)

func (providerFunc) Describe() schemas.ProviderInfo {
	return schemas.ProviderInfo{Type: "p", Dialect: schemas.DialectOpenAI, Operations: []schemas.Operation{schemas.OperationRaw}, KeyOptional: true}
}

func (f providerFunc) Call(ctx context.Context, a *schemas.Attempt) (*schemas.Response, error) {
	return f(ctx, a)
}

func TestAnAnswerToAnthropicsSDKHasItsIDWhereTheSDKLooks(t *testing.T) {
	for name, own := range map[string]string{"Request-Id": "theirs", "X-Request-Id": "theirs", "X-Other": ""} {
		for _, speaks := range []schemas.Dialect{schemas.DialectAnthropic, schemas.DialectOpenAI} { // the latter is refused: {} is no message
			client, err := bifrost.Init(schemas.BifrostConfig{}, bifrost.WithProvider("p", answering{http.Header{name: {"theirs"}}, speaks}))
			if err != nil {
				t.Fatal(err)
			}
			defer client.Shutdown(context.Background())
			through := &http.Client{Transport: client.Transport("p")}
			resp, err := through.Post("http://any/v1/messages", "application/json", strings.NewReader(`{"model":"m"}`))
			if err != nil {
				t.Fatal(err)
			}
			_ = resp.Body.Close()
			if passed := resp.StatusCode == http.StatusOK; passed != (speaks == schemas.DialectAnthropic) {
				t.Errorf("%s: status %d", speaks, resp.StatusCode)
			} else if id := resp.Header.Get("Request-Id"); id == "" || id != resp.Header.Get("X-Request-Id") || passed && own != "" && id != own {
				t.Errorf("%s with %s: got %v", speaks, name, resp.Header)
			}
		}
	}
}
