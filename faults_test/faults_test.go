package faults_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/tidwall/gjson"

	"bifrost"
	"bifrost/providers/providertest"
	"bifrost/schemas"
)

// TestEveryFaultComesToWhatTheTableSays is all of the table, each row with every kind
// of provider.
func TestEveryFaultComesToWhatTheTableSays(t *testing.T) {
	h := newHouse(t)
	for _, g := range table {
		for _, r := range g.rows {
			for _, k := range kinds {
				for _, stream := range []bool{false, true} {
					if stream && !g.stream || !stream && !g.whole {
						continue
					}
					t.Run(fmt.Sprintf("%s/%s/%s/stream=%v", g.title, r.fault, k.name, stream), func(t *testing.T) {
						t.Parallel()
						r.hold(t, h, k, r.told(k), stream)
					})
				}
			}
		}
	}
}

// hold holds the row against one kind of provider.
func (r row) hold(t *testing.T, h *house, k kind, told string, stream bool) {
	s := h.newSite(t, k, r.network)
	s.provider.script(r.script(k))

	got := s.ask(t, s.alone, k.model(), stream)
	r.wantTold(t, k, got, told)
	r.wantTries(t, s, s.alone)
	if calls := s.other.called(); len(calls) > 0 {
		t.Error("a fallback that is not the provider's was asked")
	}

	backed := s.ask(t, s.backed, k.model(), stream)
	r.wantTries(t, s, s.backed)
	if calls := s.other.called(); r.fallback != (len(calls) == 1) || r.fallback != (backed.good() && backed.header.Get("X-Bifrost-Provider") == s.spare) {
		t.Errorf("the fallback was asked %d times, and the caller told %d %s", len(calls), backed.status, backed.body)
	}

	s.provider.script(nil)
	if r.rests != "" || r.ownSettings() {
		s.configure(t, schemas.NetworkConfig{}) // without a retry to wait for, and without a short time
	}
	for _, name := range []string{s.alone, s.backed} {
		r.wantRest(t, s, name)
		if next := s.ask(t, name, k.other(), false); !next.good() || next.header.Get("X-Bifrost-Provider") != name {
			t.Errorf("%s: the next call was answered with %d %s", name, next.status, next.body)
		}
		wantFreeWorker(t, s.client.Stats().Providers[name])
	}
}

// ownSettings reports whether a good provider cannot be called with the row's settings.
func (r row) ownSettings() bool {
	n := r.network
	return n.BaseURL != "" || n.FirstByteTimeout > 0 || n.ChunkIdleTimeout > 0
}

// wantTold holds what the caller was told against the row.
func (r row) wantTold(t *testing.T, k kind, got answer, want string) {
	t.Helper()
	cell, code, message := told(k, got)
	if cell != want {
		t.Errorf("the caller was told %q, want %q: %s", cell, want, got.body)
	}
	if asSent := strings.HasSuffix(want, "then as sent"); code != r.code && !asSent {
		t.Errorf("the code is %q, want %q", code, r.code)
	}
	says := r.says
	if own, ok := r.typed[k.name]; ok {
		says = own
	}
	if !strings.HasPrefix(message, says) {
		t.Errorf("the message is %q, want %q…", message, says)
	}
	for _, secret := range []string{"key-one", "key-two", prompt, "<html", "doctype"} {
		if strings.Contains(fmt.Sprint(got), secret) {
			t.Errorf("%q is in %v", secret, got)
		}
	}
	if wait := got.header.Get("Retry-After"); wait != waits[r.rests] {
		t.Errorf("Retry-After is %q, want %q", wait, waits[r.rests])
	}
	if got.status != http.StatusOK && got.header.Get("X-Bifrost-Origin") != "upstream" && r.code != "timeout" {
		t.Errorf("the origin is %q", got.header.Get("X-Bifrost-Origin"))
	}
}

// told returns an error as the table writes it, its code and its message.
func told(k kind, a answer) (cell, code, message string) {
	cell, code = fmt.Sprint(a.status), a.header.Get("X-Bifrost-Code")
	body, sent := []byte(a.body), k.errorOf(a.status)
	if a.status == http.StatusOK {
		cell += ", then"
		body = lastEvent(a.body)
		code = gjson.GetBytes(body, "error.code").String()
	}
	if k.caller == schemas.DialectGemini && a.status == http.StatusOK {
		code = strings.ToLower(gjson.GetBytes(body, "error.details.0.reason").String())
	}
	message = gjson.GetBytes(body, "error.message").String()
	failure := lastEvent(providertest.WireOf(k.speaks).Failure)
	switch {
	case string(body) == sent || len(failure) > 0 && bytes.Equal(body, failure):
		return cell + " as sent", code, message
	case !json.Valid(body):
		return cell + " no error of the dialect", code, ""
	}
	word := "error.type"
	if k.caller == schemas.DialectGemini {
		word = "error.status"
		if status := gjson.GetBytes(body, "error.code").Int(); status < 400 || a.status != http.StatusOK && int(status) != a.status {
			return cell + " no error of the dialect", code, message
		}
	}
	if k.caller == schemas.DialectAnthropic && gjson.GetBytes(body, "type").String() != "error" {
		return cell + " no error of the dialect", code, message
	}
	return cell + " " + gjson.GetBytes(body, word).String(), code, message
}

// lastEvent returns the data of the last event of a stream; nil if it is not one.
func lastEvent(stream string) []byte {
	at := strings.LastIndex(stream, "data: ")
	if at < 0 {
		return nil
	}
	data, whole := strings.CutSuffix(stream[at+len("data: "):], "\n\n")
	if !whole || !strings.Contains(data, `"error"`) {
		return nil
	}
	return []byte(data)
}

// wantTries holds how often the provider was asked, and with which keys, against the
// row.
func (r row) wantTries(t *testing.T, s *site, name string) {
	t.Helper()
	keys := s.provider.called()
	// A call that is not waited for until its answer begins may be given up before it
	// arrives.
	arrives := r.network.BaseURL == "" && r.network.FirstByteTimeout == 0
	if tries := int(s.client.Stats().Providers[name].Retries) + 1; tries != r.tries || arrives && len(keys) != tries {
		t.Errorf("%s: %d tries, of which %d arrived; want %d", name, tries, len(keys), r.tries)
	}
	if r.key == anotherKey && (len(keys) != 2 || keys[0] == keys[1]) {
		t.Errorf("%s: the keys were %v", name, keys)
	}
	if slices.ContainsFunc(keys, func(k string) bool { return k != "key-one" && k != "key-two" }) {
		t.Errorf("%s: the keys were %v", name, keys)
	}
}

// wantRest holds what became of the keys against the row. The provider is a good one
// again.
func (r row) wantRest(t *testing.T, s *site, name string) {
	t.Helper()
	resting := 0
	for _, k := range s.client.Stats().Providers[name].Keys {
		if !k.RestingUntil.IsZero() {
			resting++
		}
	}
	if whole := r.rests != "" && r.rests != restsPair; whole != (resting == 2) || !whole && resting != 0 {
		t.Errorf("%s: %d keys rest", name, resting)
	}
	if r.rests == restsOne { // it may be over
		return
	}
	s.provider.called()
	again := s.ask(t, name, s.kind.model(), false)
	refused := again.status == http.StatusTooManyRequests && again.header.Get("X-Bifrost-Code") == "keys_resting"
	switch calls := s.provider.called(); {
	case r.rests == "" && !(again.good() && again.header.Get("X-Bifrost-Provider") == name):
		t.Errorf("%s: the same again was answered with %d %s", name, again.status, again.body)
	case r.rests != "" && (len(calls) > 0 || name == s.alone && !refused || name == s.backed && !again.good()):
		t.Errorf("%s: a key that rests was used, or the same again was answered with %d %s", name, again.status, again.body)
	}
}

// wantFreeWorker fails unless the provider's one worker is free and nothing is left of
// the calls.
func wantFreeWorker(t *testing.T, s bifrost.ProviderStats) {
	t.Helper()
	if s.Workers != 1 || s.InHand+s.Queued+s.Waiting+s.BackingOff+s.Restarting > 0 || s.Panics > 0 {
		t.Errorf("the worker is not free: %+v", s)
	}
}
