package demo

import (
	"bytes"
	"encoding/json"
	"math"
	"net/http/httptest"
	"strings"
	"testing"

	"bifrost/admin"
)

func ask(l *Load, method, body string) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	l.ServeHTTP(w, httptest.NewRequest(method, "/api/v1/demo", strings.NewReader(body)))
	return w
}

func TestTheLoadIsSeenAndSetOverHTTP(t *testing.T) {
	l, _ := begin(t, Options{Rate: 1e-6, MaxRate: 200, Doer: doerFunc(good)})
	for _, c := range []struct {
		body string
		rate float64
		stop bool
	}{
		{`{}`, 1e-6, false},
		{`{"rate":150.5}`, 150.5, false},
		{`{"paused":true}`, 150.5, true},
		{`{"rate":0,"paused":false}`, 0, false},
		{` {"paused": true, "rate": 200} `, 200, true},
	} {
		w := ask(l, "PATCH", c.body)
		var got admin.Demo
		if err := json.Unmarshal(w.Body.Bytes(), &got); err != nil || w.Code != 200 || got.Rate != c.rate || got.Paused != c.stop || got.MaxRate != 200 {
			t.Errorf("%s: %d %s", c.body, w.Code, w.Body)
		}
		if again := ask(l, "GET", ""); again.Body.String() != w.Body.String() && got.Paused {
			t.Errorf("afterwards it is %s, not %s", again.Body, w.Body)
		}
	}
}

func TestAWrongSettingOfTheLoadIsRefused(t *testing.T) {
	l, _ := begin(t, Options{Rate: 1e-6, MaxRate: 200, Doer: doerFunc(good)})
	before := ask(l, "GET", "").Body.String()
	for _, c := range []struct {
		method, body string
		status       int
	}{
		{"PATCH", ``, 400}, {"PATCH", `[]`, 400}, {"PATCH", `{"rate":"40"}`, 400}, {"PATCH", `{"rate":-1}`, 400},
		{"PATCH", `{"rate":200.1}`, 400}, {"PATCH", `{"sent":1}`, 400}, {"PATCH", `{}{}`, 400}, {"PATCH", `{"paused":1}`, 400},
		{"PATCH", `{"rate":` + strings.Repeat("1", maxPatchBytes) + `}`, 400},
		{"POST", `{}`, 405}, {"DELETE", ``, 405},
	} {
		w := ask(l, c.method, c.body)
		var e struct {
			Error struct{ Code, Message string }
		}
		if err := json.Unmarshal(w.Body.Bytes(), &e); err != nil || w.Code != c.status || e.Error.Code == "" || e.Error.Message == "" {
			t.Errorf("%s %.40s: %d %s", c.method, c.body, w.Code, w.Body)
		}
		if after := ask(l, "GET", "").Body.String(); after != before {
			t.Errorf("%s %.40s has changed it: %s", c.method, c.body, after)
		}
	}
}

func FuzzThePatchOfTheLoad(f *testing.F) {
	for _, s := range []string{`{"rate":40,"paused":true}`, `{}`, `{"rate":1e400}`, `{"rate":NaN}`, `{"rate":null}`, `{"Rate":3}{}`, ``} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		p, err := readPatch(bytes.NewReader(body), 500)
		if err == nil && p.Rate != nil && (!(*p.Rate >= 0 && *p.Rate <= 500) || math.IsNaN(*p.Rate)) {
			t.Errorf("%q sets the rate to %v", body, *p.Rate)
		}
	})
}
