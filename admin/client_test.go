package admin_test

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"bifrost/admin"
)

func TestTheClientAsksForEverything(t *testing.T) {
	o, made := options(), &changes{}
	o.Token = "sesame"
	o.Set = made.set
	o.Config = func() admin.RunningConfig { return admin.RunningConfig{Text: "text"} }
	o.Reload = func(_ context.Context, dryRun bool) admin.Reload {
		return admin.Reload{Applied: !dryRun, Errors: []string{"bifrost.toml:3: server.listen: needs a restart"}}
	}
	server := httptest.NewServer(handlerOf(t, o))
	defer server.Close()
	c, ctx := admin.NewClient(strings.TrimPrefix(server.URL, "http://")+"/", "sesame", nil), t.Context()
	if s, err := c.State(ctx); err != nil || len(s.Providers) != 3 {
		t.Errorf("state: %+v, %v", s, err)
	}
	if p, err := c.Provider(ctx, "limited"); err != nil || p.Queued != 15 {
		t.Errorf("provider: %+v, %v", p, err)
	}
	if d, err := c.DeadLetters(ctx); err != nil || len(d.Recent) != 1 {
		t.Errorf("dead letters: %+v, %v", d, err)
	}
	if r, err := c.Config(ctx); err != nil || r.Text != "text" {
		t.Errorf("config: %+v, %v", r, err)
	}
	if r, err := c.Reload(ctx, true); err != nil || r.Applied || len(r.Errors) != 1 {
		t.Errorf("dry run: %+v, %v", r, err)
	}
	if r, err := c.Reload(ctx, false); err != nil || !r.Applied {
		t.Errorf("reload: %+v, %v", r, err)
	}
	seven, drop := 7, true
	if err := errors.Join(c.Set(ctx, "steady", admin.Settings{Concurrency: &seven}), c.Set(ctx, "", admin.Settings{Drop: &drop})); err != nil {
		t.Error(err)
	}
	if want := `steady {"concurrency":7};  {"drop_excess_requests":true}`; made.all() != want {
		t.Errorf("made %s", made.all())
	}
}

func TestTheClientsErrorsSayWhatToDoNext(t *testing.T) {
	o := options()
	o.Token = "sesame"
	h := httptest.NewServer(handlerOf(t, o))
	defer h.Close()
	other := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/api/v1/state" {
			w.WriteHeader(http.StatusTeapot)
		}
		_, _ = w.Write([]byte("<html>"))
	}))
	defer other.Close()
	redirecting := httptest.NewServer(http.RedirectHandler(h.URL, http.StatusFound))
	defer redirecting.Close()
	newer := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write([]byte(`{"providers": 3}`))
	}))
	defer newer.Close()
	rows := []struct{ name, url, token, says string }{
		{"nobody answers", "http://" + unused(t), "", "is it running? --admin says where"},
		{"no URL", "http://a b", "", "such as http://127.0.0.1:8081"},
		{"no token", h.URL, "", "admin.token of the configuration"},
		{"a wrong token", h.URL, "open", "admin.token of the configuration"},
		{"another server", other.URL, "", "no admin listener"},
		{"a redirect, which could take the token elsewhere", redirecting.URL, "sesame", "no admin listener"},
		{"another version", newer.URL, "", "of the same version"},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			c := admin.NewClient(row.url, row.token, nil)
			_, err := c.State(t.Context())
			if err == nil || !strings.Contains(err.Error(), row.says) || row.token != "" && strings.Contains(err.Error(), row.token+" ") {
				t.Errorf("got %v, want %q", err, row.says)
			}
			if _, err := firstOf(c.Events(t.Context(), time.Second)); err == nil {
				t.Error("events: no error")
			}
		})
	}
	_, err := admin.NewClient(h.URL, "sesame", nil).Provider(t.Context(), "nobody")
	var refused *admin.APIError
	if !errors.As(err, &refused) || refused.Status != 404 || refused.Code != "not_found" {
		t.Errorf("got %v", err)
	}
}

func TestACallEndsWithItsContext(t *testing.T) {
	reached, release := make(chan struct{}, 1), make(chan struct{})
	stuck := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		reached <- struct{}{}
		<-release
	}))
	defer stuck.Close()
	defer close(release)
	ctx, cancel := context.WithCancelCause(t.Context())
	why := errors.New("had enough")
	go func() { // ends when the call has reached the server
		<-reached
		cancel(why)
	}()
	if _, err := admin.NewClient(stuck.URL, "", nil).State(ctx); !errors.Is(err, why) {
		t.Errorf("got %v", err)
	}
}

func TestEventsEndWithTheirContext(t *testing.T) {
	h := handlerOf(t, options())
	server := httptest.NewServer(h)
	defer server.Close()
	defer h.Close()
	ctx, cancel := context.WithCancelCause(t.Context())
	defer cancel(nil)
	why := errors.New("had enough")
	var last error
	for _, err := range admin.NewClient(server.URL, "", nil).Events(ctx, time.Minute) {
		last = err
		cancel(why)
	}
	if !errors.Is(last, why) {
		t.Errorf("got %v", last)
	}
}

// unused is an address at which nobody listens.
func unused(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}
