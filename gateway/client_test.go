package gateway_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/rs/zerolog"
	"github.com/tidwall/gjson"

	"bifrost"
	"bifrost/gateway"
	"bifrost/schemas"
)

const (
	teamKey  = "bf-team/+key that needs escapes"
	otherKey = "bf-other"
)

// teams are two clients without limits; change may give the first one some.
func teams(change func(*gateway.Client)) []gateway.Client {
	team := gateway.Client{Name: "team", Keys: []string{gateway.HashKey("bf-old"), gateway.HashKey(teamKey)}}
	if change != nil {
		change(&team)
	}
	return []gateway.Client{team, {Name: "other", Keys: []string{gateway.HashKey(otherKey)}}}
}

// ways are how the SDKs show a key: a query, or a header.
var ways = map[string]struct{ query, header, value string }{
	"a bearer token": {header: "Authorization", value: "Bearer " + teamKey},
	"in lower case":  {header: "Authorization", value: "bearer " + teamKey},
	"Anthropic's":    {header: "X-Api-Key", value: teamKey},
	"Google's":       {header: "X-Goog-Api-Key", value: teamKey},
	"Azure's":        {header: "Api-Key", value: teamKey},
	"Google's query": {query: "?a=1&key=bf-team%2F%2Bkey+that+needs%20escapes&b=2"},
}

// surfaces are a call in each dialect.
var surfaces = map[string]struct{ path, body string }{
	"openai":    {chatPath, goodChat},
	"anthropic": {"/v1/messages", `{"model":"fake/m","max_tokens":5,"messages":[{"role":"user","content":"hello"}]}`},
	"gemini":    {"/v1beta/models/fake/m:generateContent", `{"contents":[{"parts":[{"text":"hello"}]}]}`},
}

func TestAClientIsKnownByItsKeyHoweverItsSDKShowsItAndTheKeyGoesNoFurther(t *testing.T) {
	for way, shown := range ways {
		for dialect, call := range surfaces {
			t.Run(way+" "+dialect, func(t *testing.T) {
				log, seen, tenant := &logged{}, make(chan *schemas.RawRequest, 1), make(chan string, 1)
				p := &fake{dialect: schemas.Dialect(dialect), call: func(ctx context.Context, raw *schemas.RawRequest) (*schemas.RawResponse, error) {
					seen <- raw
					tenant <- schemas.TenantOf(ctx)
					return reply(`{"candidates":[]}`), nil
				}}
				s := serve(t, schemas.BifrostConfig{}, gateway.Options{Clients: teams(nil), Logger: zerolog.New(log)},
					bifrost.WithProvider("fake", p), bifrost.WithLogger(zerolog.New(log)))
				r := s.request(t, "POST", call.path+shown.query, call.body)
				if shown.header != "" {
					r.Header.Set(shown.header, shown.value)
				}
				if got := s.do(t, r); got.status != 200 {
					t.Fatalf("got %d %s", got.status, got.body)
				}
				raw := <-seen
				if text := raw.Query + raw.Path + string(raw.Body) + headerText(raw.Header); strings.Contains(text, "bf-team") {
					t.Errorf("the provider is told of the key: %s", text)
				}
				if shown.query != "" && raw.Query != "a=1&b=2" {
					t.Errorf("the query is %q", raw.Query)
				}
				if name := <-tenant; name != "team" {
					t.Errorf("the tenant is %q", name)
				}
				s.Close() // waits for the log
				if lines, text := log.lines(t); strings.Contains(text, "bf-team") || lines[len(lines)-1]["client"] != "team" {
					t.Errorf("the log is %s", text)
				}
			})
		}
	}
}

func headerText(h http.Header) string {
	var b strings.Builder
	_ = h.Write(&b) // to memory
	return b.String()
}

func TestAStrangerIsRefusedInItsDialectWithoutAWordOfItsKey(t *testing.T) {
	log := &logged{}
	s := serve(t, schemas.BifrostConfig{}, gateway.Options{Clients: teams(nil), Logger: zerolog.New(log)}, bifrost.WithProvider("fake", always(answer)))
	kinds := map[string][2]string{"openai": {"error.type", "authentication_error"}, "anthropic": {"error.type", "authentication_error"}, "gemini": {"error.status", "UNAUTHENTICATED"}}
	refused := uint64(0)
	for dialect, call := range surfaces {
		for _, header := range [][]string{nil, {"Authorization", "Bearer stolen"}, {"X-Api-Key", "stolen"}, {"X-Goog-Api-Key", "stolen"}, {"Authorization", "Basic stolen"},
			{"Authorization", "Bearer " + gateway.HashKey(teamKey)}} {
			got := s.post(t, call.path, call.body, header...)
			refused++
			field := kinds[dialect]
			if got.status != 401 || gjson.Get(got.body, field[0]).Str != field[1] || strings.Contains(got.body, "stolen") ||
				got.header.Get("X-Bifrost-Origin") != "gateway" || got.header.Get("X-Bifrost-Code") != "unauthorized" || got.header.Get("Www-Authenticate") == "" {
				t.Errorf("%s %v: got %d %v %s", dialect, header, got.status, got.header, got.body)
			}
		}
	}
	for _, path := range []string{"/v1/models", "/v1beta/models", "/v1/files", "/v1/nothing", "/metrics", "/", "//"} {
		refused++
		if got := s.get(t, path+"?key=stolen"); got.status != 401 || strings.Contains(got.body, "stolen") {
			t.Errorf("%s: got %d %s", path, got.status, got.body)
		}
	}
	if got := s.gateway.Strangers(); got != refused {
		t.Errorf("%d strangers are counted, want %d", got, refused)
	}
	s.Close()
	if _, text := log.lines(t); strings.Contains(text, "stolen") {
		t.Errorf("the log is %s", text)
	}
}

func TestWhoAsksWhetherItWorksNeedsNoKeyAndIsToldNoMore(t *testing.T) {
	s := serve(t, schemas.BifrostConfig{}, gateway.Options{Clients: teams(nil)}, bifrost.WithProvider("fake", always(answer)))
	if got := s.get(t, "/healthz"); got.status != 200 {
		t.Errorf("health is %d", got.status)
	}
	if got := s.get(t, "/readyz"); got.status != 200 || got.body != `{"status":"ready"}` {
		t.Errorf("readiness is %d %s", got.status, got.body)
	}
	if got := s.get(t, "/readyz", "Authorization", "Bearer "+otherKey); got.status != 200 || !strings.Contains(got.body, `"fake"`) {
		t.Errorf("to a client readiness is %d %s", got.status, got.body)
	}
	s.gateway.Configure(gateway.Options{Clients: teams(func(c *gateway.Client) { c.Providers = []string{"another"} })})
	if got := s.get(t, "/readyz", "Api-Key", teamKey); got.status != 200 || strings.Contains(got.body, `"fake"`) {
		t.Errorf("to a client that may not use it readiness is %d %s", got.status, got.body)
	}
	s.gateway.Drain()
	if got := s.get(t, "/readyz"); got.status != 503 || got.body != `{"status":"draining"}` {
		t.Errorf("readiness is %d %s", got.status, got.body)
	}
}

func TestAKeyThatAnSDKFindsInItsSurroundingsDoesNotHideTheRightOne(t *testing.T) {
	s := serve(t, schemas.BifrostConfig{}, gateway.Options{Clients: teams(nil)}, bifrost.WithProvider("fake", always(answer)))
	if got := s.post(t, chatPath, goodChat, "Authorization", "Bearer of-the-environment", "X-Api-Key", teamKey); got.status != 200 {
		t.Errorf("got %d %s", got.status, got.body)
	}
}

func TestClientsAreValidatedWithoutAWordOfAKey(t *testing.T) {
	hash := gateway.HashKey("a")
	for name, c := range map[string]struct {
		clients []gateway.Client
		says    []string
	}{
		"no name":             {[]gateway.Client{{Keys: []string{hash}}}, []string{"client 1", "no name"}},
		"one name twice":      {[]gateway.Client{{Name: "a", Keys: []string{hash}}, {Name: "a", Keys: []string{hash}}}, []string{`client "a"`, "twice"}},
		"no key":              {[]gateway.Client{{Name: "a"}}, []string{`client "a"`, "no key"}},
		"a key that is plain": {[]gateway.Client{{Name: "a", Keys: []string{hash, "secret"}}}, []string{`client "a"`, "key 2", "sha256:"}},
		"a digit that is none": {[]gateway.Client{{Name: "a", Keys: []string{"sha256:" + strings.Repeat("secret00", 8)}}},
			[]string{"key 1", "hexadecimal"}},
		"two clients, one key": {[]gateway.Client{{Name: "a", Keys: []string{hash}}, {Name: "b", Keys: []string{hash}}}, []string{`client "b"`, `client "a"`}},
		"a negative limit":     {[]gateway.Client{{Name: "a", Keys: []string{hash}, MaxInFlight: -1}}, []string{`client "a"`, "negative"}},
	} {
		err := gateway.Options{Clients: c.clients}.Validate()
		if err == nil {
			t.Errorf("%s: no error", name)
			continue
		}
		for _, want := range c.says {
			if !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "secret") {
				t.Errorf("%s: got %v, want %q in it", name, err, want)
			}
		}
	}
	if err := (gateway.Options{Clients: teams(nil)}).Validate(); err != nil {
		t.Error(err)
	}
}

func FuzzWhoShowsAnythingButAKeyIsAStranger(f *testing.F) {
	f.Add("Authorization", "Bearer x", "key=x")
	f.Add("X-Api-Key", "sha256:", "k%65y=%ff")
	f.Add("Api-Key", teamKey+"x", "a;key=1")
	client, err := bifrost.Init(schemas.BifrostConfig{}, bifrost.WithProvider("fake", always(answer)))
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(func() { _ = client.Shutdown(context.Background()) })
	g := gateway.New(client, gateway.Options{Clients: teams(nil)})
	f.Fuzz(func(t *testing.T, header, value, query string) {
		if strings.Contains(value, "bf-") || strings.Contains(query, "bf-") {
			return // it may be the key
		}
		r, err := http.NewRequestWithContext(t.Context(), "GET", "/v1/files", nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Header[http.CanonicalHeaderKey(header)], r.URL.RawQuery = []string{value}, query
		w := httptest.NewRecorder()
		g.ServeHTTP(w, r)
		if w.Code != 401 || strings.TrimSpace(value) != "" && len(value) > 12 && strings.Contains(w.Body.String(), value) {
			t.Errorf("got %d %s", w.Code, w.Body)
		}
	})
}
