package gateway_test

import (
	"context"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"net/http/httptest"

	"github.com/rs/zerolog"

	"bifrost"
	"bifrost/gateway"
	"bifrost/schemas"
)

func lists(models ...schemas.Model) *fake {
	return &fake{list: func(context.Context) (*schemas.ModelList, error) { return &schemas.ModelList{Data: models}, nil }}
}

func listFails(err error) *fake {
	return &fake{list: func(context.Context) (*schemas.ModelList, error) { return nil, err }}
}

func TestModelsOfAllProvidersAreMergedUnderTheirProvidersNames(t *testing.T) {
	log := &logged{}
	account := schemas.StaticAccount{
		"some":   {Keys: []schemas.Key{{Value: "k", Models: []string{"b", "a"}}, {Value: "l", Models: []string{"a", "unlisted"}}}},
		"silent": {Keys: []schemas.Key{{Value: "k", Models: []string{"named"}}}},
		"lost":   {Keys: []schemas.Key{{Value: "k", Models: []string{"known"}}}},
	}
	broken := &schemas.Error{Kind: schemas.KindUpstream, Message: "secret words"}
	s := serve(t, schemas.BifrostConfig{Account: account}, gateway.Options{Logger: zerolog.New(log)},
		bifrost.WithProvider("all", lists(schemas.Model{ID: "x/y", Created: 7, OwnedBy: "them"}, schemas.Model{ID: "z"})),
		bifrost.WithProvider("some", lists(schemas.Model{ID: "a", Created: 5}, schemas.Model{ID: "hidden"})),
		bifrost.WithProvider("silent", lists()),
		bifrost.WithProvider("lost", listFails(broken)),
		bifrost.WithProvider("broken", listFails(broken)))
	for _, path := range []string{"/v1/models", "/openai/v1/models"} {
		got := s.get(t, path)
		want := `{"object":"list","data":[` + strings.Join([]string{
			`{"id":"all/x/y","object":"model","created":7,"owned_by":"them"}`,
			`{"id":"all/z","object":"model","created":0,"owned_by":"all"}`,
			`{"id":"lost/known","object":"model","created":0,"owned_by":"lost"}`,
			`{"id":"silent/named","object":"model","created":0,"owned_by":"silent"}`,
			`{"id":"some/a","object":"model","created":5,"owned_by":"some"}`,
			`{"id":"some/b","object":"model","created":0,"owned_by":"some"}`,
			`{"id":"some/unlisted","object":"model","created":0,"owned_by":"some"}`,
		}, ",") + `]}`
		if got.status != 200 || got.body != want || got.header.Get("Content-Type") != "application/json" {
			t.Errorf("got %d %s\nwant %s", got.status, got.body, want)
		}
	}
	s.Close() // waits for the log
	if _, text := log.lines(t); !strings.Contains(text, `"provider":"broken"`) || !strings.Contains(text, `"error":"upstream"`) || strings.Contains(text, "secret") {
		t.Errorf("the log is %s", text)
	}
}

func TestAPanicWhileListingIsAnErrorOfThatProviderOnly(t *testing.T) {
	s := serve(t, schemas.BifrostConfig{}, gateway.Options{}, bifrost.WithRouter("bad", panicking{}),
		bifrost.WithProvider("good", lists(schemas.Model{ID: "m"})))
	if got := s.get(t, "/v1/models"); got.status != 200 || strings.Count(got.body, `"id"`) != 1 {
		t.Errorf("got %d %s", got.status, got.body)
	}
}

func TestModelsAreAnErrorWhenNoProviderListsAny(t *testing.T) {
	s := serveFake(t, listFails(&schemas.Error{Kind: schemas.KindUpstream, Message: "unreachable"}))
	wantError{status: 502, code: "upstream", kind: "server_error", origin: "upstream"}.check(t, s.get(t, "/v1/models"))
}

// In virtual time: the bubble's clock moves only when everybody waits.
func TestAProviderThatDoesNotListItsModelsInTimeIsLeftOut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		slow := &fake{list: func(ctx context.Context) (*schemas.ModelList, error) {
			<-ctx.Done()
			return nil, ctx.Err()
		}}
		client, err := bifrost.Init(schemas.BifrostConfig{}, bifrost.WithProvider("slow", slow),
			bifrost.WithProvider("slower", slow), bifrost.WithProvider("quick", lists(schemas.Model{ID: "m"})))
		if err != nil {
			t.Fatal(err)
		}
		defer client.Shutdown(t.Context())
		began := time.Now()
		w := httptest.NewRecorder()
		gateway.New(client, gateway.Options{}).ServeHTTP(w, httptest.NewRequest("GET", "/v1/models", nil))
		if took := time.Since(began); took != gateway.DefaultModelsTimeout {
			t.Errorf("it took %v; providers are asked side by side, for %v", took, gateway.DefaultModelsTimeout)
		}
		if body := w.Body.String(); w.Code != 200 || strings.Count(body, `"id"`) != 1 || !strings.Contains(body, "quick/m") {
			t.Errorf("got %d %s", w.Code, body)
		}
	})
}

func TestAModelThatTheConfigurationNamesIsFoundThoughItsProviderDoesNotListIt(t *testing.T) {
	broken := &schemas.Error{Kind: schemas.KindUpstream, Message: "unreachable"}
	account := schemas.StaticAccount{
		"open":   {Keys: []schemas.Key{{Value: "k", Models: []string{"own", "listed"}}, {Value: "l"}}},
		"closed": {Keys: []schemas.Key{{Value: "k", Models: []string{"own"}}}},
	}
	deployed, lost := lists(schemas.Model{ID: "listed", Created: 7}), listFails(broken)
	deployed.configured, lost.configured = []string{"deployed", "listed"}, []string{"deployed"}
	s := serve(t, schemas.BifrostConfig{Account: account}, gateway.Options{}, bifrost.WithProvider("azure", deployed), bifrost.WithProvider("lost", lost),
		bifrost.WithProvider("open", lists(schemas.Model{ID: "listed", Created: 7})), bifrost.WithProvider("closed", lists(schemas.Model{ID: "hidden"})))
	if err := s.bifrost.SetModels(map[string]schemas.Alias{"fast": {Targets: []schemas.AliasTarget{{Model: "open/own"}}}}); err != nil {
		t.Fatal(err)
	}
	all := s.get(t, "/v1/models").body
	for id, want := range map[string]string{
		"azure/deployed": `"created":0,"owned_by":"azure"`,
		"azure/listed":   `"created":7,"owned_by":"azure"`,
		"lost/deployed":  `"created":0,"owned_by":"lost"`,
		"open/own":       `"created":0,"owned_by":"open"`,
		"open/listed":    `"created":7,"owned_by":"open"`,
		"closed/own":     `"created":0,"owned_by":"closed"`,
		"fast":           `"created":0,"owned_by":"bifrost"`,
	} {
		model := `{"id":"` + id + `","object":"model",` + want + `}`
		if got := s.get(t, "/v1/models/"+id); got.status != 200 || got.body != model {
			t.Errorf("%s: got %d %s", id, got.status, got.body)
		}
		if strings.Count(all, model) != 1 {
			t.Errorf("%s is not once in the list: %s", id, all)
		}
	}
	for _, id := range []string{"azure/other", "open/other", "closed/hidden", "nobody/m", "faster"} {
		wantError{status: 404, code: "not_found", kind: "invalid_request_error", param: "model", origin: "gateway"}.check(t, s.get(t, "/v1/models/"+id))
	}
	wantError{status: 502, code: "upstream", kind: "server_error", origin: "upstream"}.check(t, s.get(t, "/v1/models/lost/other"))
}
