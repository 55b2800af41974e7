package gateway_test

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/tidwall/gjson"

	"bifrost"
	"bifrost/gateway"
	"bifrost/schemas"
)

// estate is a gateway of three providers, an alias of two of them, and a provider with a
// fallback of its own. Each notes what it is asked for.
type estate struct {
	*site
	asked chan string // "provider/model"
}

func newEstate(t *testing.T, c gateway.Client) *estate {
	t.Helper()
	e := &estate{asked: make(chan string, 100)}
	c.Name, c.Keys = "team", []string{gateway.HashKey(teamKey)}
	account := schemas.StaticAccount{"down": {Config: schemas.ProviderConfig{Fallbacks: []string{"dear/big", "cheap/small"}}}, "dear": {}, "cheap": {}}
	cfg := schemas.BifrostConfig{Account: account, Models: map[string]schemas.Alias{
		"smart": {Targets: []schemas.AliasTarget{{Model: "dear/big"}, {Model: "cheap/small"}}},
		"best":  {Targets: []schemas.AliasTarget{{Model: "dear/big"}}},
	}}
	e.site = serve(t, cfg, gateway.Options{Clients: []gateway.Client{c}},
		bifrost.WithProvider("dear", e.provider("dear")), bifrost.WithProvider("cheap", e.provider("cheap")), bifrost.WithProvider("down", e.provider("down")))
	return e
}

func (e *estate) provider(name string) *fake {
	return &fake{has: []schemas.Operation{schemas.OperationFiles, schemas.OperationBatches},
		call: func(_ context.Context, raw *schemas.RawRequest) (*schemas.RawResponse, error) {
			e.asked <- name + "/" + gjson.GetBytes(raw.Body, "model").Str
			if name == "down" {
				return nil, &schemas.Error{Kind: schemas.KindUpstream, Message: "down"}
			}
			return reply(answer), nil
		},
		list: func(context.Context) (*schemas.ModelList, error) {
			return &schemas.ModelList{Data: []schemas.Model{{ID: "big"}, {ID: "small"}}}, nil
		}}
}

// seen returns what was asked for since the last time.
func (e *estate) seen() (out []string) {
	for {
		select {
		case one := <-e.asked:
			out = append(out, one)
		default:
			return out
		}
	}
}

var (
	cheapOnly  = gateway.Client{Providers: []string{"cheap"}}
	smallOnly  = gateway.Client{Models: []string{"cheap/small"}}
	cheapStar  = gateway.Client{Models: []string{"cheap/*", "down/*"}}
	smartName  = gateway.Client{Models: []string{"smart"}}
	smartCheap = gateway.Client{Models: []string{"smart"}, Providers: []string{"cheap"}}
	bigPrefix  = gateway.Client{Models: []string{"dear/bi*"}}
)

func TestAClientReachesNothingButWhatItMayUseByWhicheverWay(t *testing.T) {
	chat := func(model, more string) string { return `{"model":"` + model + `",` + more + `"messages":[]}` }
	for name, c := range map[string]struct {
		client gateway.Client
		path   string
		body   string
		header []string
		status int
		may    []string // what may be asked for, each time one of them is
	}{
		"its provider":                {cheapOnly, chatPath, chat("cheap/big", ""), nil, 200, []string{"cheap/big"}},
		"another provider":            {cheapOnly, chatPath, chat("dear/big", ""), nil, 403, nil},
		"another one by the header":   {cheapOnly, chatPath, chat("big", ""), []string{"X-Bifrost-Provider", "dear"}, 403, nil},
		"its model":                   {smallOnly, chatPath, chat("cheap/small", ""), nil, 200, []string{"cheap/small"}},
		"another model":               {smallOnly, chatPath, chat("cheap/big", ""), nil, 403, nil},
		"a model that is longer":      {smallOnly, chatPath, chat("cheap/small2", ""), nil, 403, nil},
		"another provider's model":    {smallOnly, chatPath, chat("dear/small", ""), nil, 403, nil},
		"by a fallback":               {smallOnly, chatPath, chat("cheap/small", `"fallbacks":["dear/big"],`), nil, 403, nil},
		"by an alias as a fallback":   {smallOnly, chatPath, chat("cheap/small", `"fallbacks":["best"],`), nil, 403, nil},
		"by a fallback of ours":       {cheapStar, chatPath, chat("down/x", ""), nil, 200, []string{"down/x", "cheap/small"}},
		"by an alias":                 {smallOnly, chatPath, chat("smart", ""), nil, 200, []string{"cheap/small"}},
		"an alias of others only":     {smallOnly, chatPath, chat("best", ""), nil, 403, nil},
		"an alias of its own":         {smartName, chatPath, chat("smart", ""), nil, 200, []string{"cheap/small", "dear/big"}},
		"what its alias stands for":   {smartName, chatPath, chat("dear/big", ""), nil, 403, nil},
		"its alias at its provider":   {smartCheap, chatPath, chat("smart", ""), nil, 200, []string{"cheap/small"}},
		"the beginning of a name":     {bigPrefix, chatPath, chat("dear/bigger", ""), nil, 200, []string{"dear/bigger"}},
		"another beginning":           {bigPrefix, chatPath, chat("dear/b", ""), nil, 403, nil},
		"further models":              {smallOnly, chatPath, chat("cheap/small", `"models":["big"],`), nil, 403, nil},
		"further models by case":      {smallOnly, chatPath, chat("cheap/small", `"Models":["big"],`), nil, 403, nil},
		"a model by case":             {smallOnly, chatPath, chat("cheap/small", `"MODEL":"big",`), nil, 403, nil},
		"a model by an escaped case":  {smallOnly, chatPath, chat("cheap/small", `"\u004dodel":"big",`), nil, 403, nil},
		"a batch that names a model":  {smallOnly, "/v1/batches", `{"model":"cheap/small","input_file_id":"f"}`, nil, 403, nil},
		"a batch that names an alias": {smartName, "/v1/batches", `{"model":"smart","input_file_id":"f"}`, nil, 403, nil},
		"a batch where all is its":    {cheapStar, "/v1/batches", `{"model":"cheap/small","input_file_id":"f"}`, nil, 200, []string{"cheap/small"}},
		"a file that names a model":   {smallOnly, "/v1/files", `{"model":"cheap/small"}`, nil, 403, nil},
		"a file at its provider":      {cheapOnly, "/v1/files/f", "", nil, 200, []string{"cheap/"}},
		"a file at another":           {cheapOnly, "/v1/files/f", "", []string{"X-Bifrost-Provider", "dear"}, 403, nil},
		"a file where all is allowed": {cheapStar, "/v1/files/f", "", []string{"X-Bifrost-Provider", "cheap"}, 200, []string{"cheap/"}},
		"a file where some is":        {smallOnly, "/v1/files/f", "", []string{"X-Bifrost-Provider", "cheap"}, 403, nil},
		"a batch where some is":       {smallOnly, "/v1/batches", `{"input_file_id":"f"}`, []string{"X-Bifrost-Provider", "cheap"}, 403, nil},
		"an unknown provider":         {cheapOnly, "/v1/files/f", "", []string{"X-Bifrost-Provider", "nobody"}, 404, nil},
		"an unknown model":            {cheapOnly, chatPath, chat("nobody/m", ""), nil, 404, nil},
	} {
		t.Run(name, func(t *testing.T) {
			e := newEstate(t, c.client)
			method := http.MethodPost
			if c.body == "" {
				method = http.MethodGet
			}
			for range 20 { // an alias is drawn anew each time
				got := e.do(t, e.request(t, method, c.path, c.body, append(c.header, "Authorization", "Bearer "+teamKey)...))
				seen := e.seen()
				if got.status != c.status {
					t.Fatalf("got %d %s", got.status, got.body)
				}
				if c.status == 403 && (gjson.Get(got.body, "error.type").Str != "permission_error" || gjson.Get(got.body, "error.code").Str != "not_permitted") {
					t.Fatalf("got %s", got.body)
				}
				if c.status != 200 && len(c.client.Providers) > 0 && strings.Contains(got.body, "dear") && !strings.Contains(c.body+strings.Join(c.header, ""), "dear") {
					t.Fatalf("it is told of others' providers: %s", got.body)
				}
				for _, one := range seen {
					if !slices.Contains(c.may, one) {
						t.Fatalf("%s was asked for", one)
					}
				}
				if (len(seen) > 0) != (c.status == 200) {
					t.Fatalf("%v were asked for", seen)
				}
			}
			if n := e.gateway.Clients()[0].Refused["not_permitted"]; (n == 20) != (c.status == 403) {
				t.Errorf("%d refusals of 20 are counted, status %d", n, c.status)
			}
		})
	}
}

func TestAClientIsListedWhatItMayUse(t *testing.T) {
	for name, c := range map[string]struct {
		client gateway.Client
		want   []string
	}{
		"everything":    {gateway.Client{}, []string{"best", "cheap/big", "cheap/small", "dear/big", "dear/small", "down/big", "down/small", "smart"}},
		"a provider":    {cheapOnly, []string{"cheap/big", "cheap/small", "smart"}},
		"a model":       {smallOnly, []string{"cheap/small", "smart"}},
		"an alias":      {smartName, []string{"smart"}},
		"other aliases": {bigPrefix, []string{"best", "dear/big", "smart"}},
	} {
		t.Run(name, func(t *testing.T) {
			e := newEstate(t, c.client)
			var got []string
			for _, id := range gjson.Get(e.get(t, "/v1/models", "Api-Key", teamKey).body, "data.#.id").Array() {
				got = append(got, id.Str)
			}
			slices.Sort(got)
			if !slices.Equal(got, c.want) {
				t.Errorf("got %v, want %v", got, c.want)
			}
			for _, id := range []string{"best", "cheap/small", "dear/small", "smart"} {
				want := 403
				if slices.Contains(c.want, id) {
					want = 200
				}
				if got := e.get(t, "/v1/models/"+id, "Api-Key", teamKey); got.status != want {
					t.Errorf("%s: got %d %s, want %d", id, got.status, got.body, want)
				}
			}
		})
	}
}
