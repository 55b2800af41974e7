package simulated_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"bifrost/providers/simulated"
	"bifrost/schemas"
)

func TestAnOutageBeginsEndsAndComesAgainByTheClock(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		u := simulated.New(schemas.SimulationConfig{OutageAfter: 20 * time.Second, OutageFor: 15 * time.Second, OutageEvery: time.Minute})
		for second := range 200 {
			want := 200
			if s := second - 20; s >= 0 && s%60 < 15 {
				want = 503
			}
			a := do(t, u, chatCall(hello, ""))
			if a.status != want {
				t.Errorf("after %d s: status %d, want %d", second, a.status, want)
			}
			if want == 503 {
				if e := errorOf(t, a); e.Type != "server_error" || e.Code != "outage" {
					t.Errorf("%+v", e)
				}
			}
			time.Sleep(time.Second)
		}
		if s := checkIdle(t, u); s.Failed != 45 || s.Succeeded != 155 {
			t.Errorf("%+v", s)
		}
	})
}

func TestAnOutageThatDoesNotComeAgainComesOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		u := simulated.New(schemas.SimulationConfig{OutageFor: time.Second})
		for _, want := range []int{503, 200, 200} {
			if a := do(t, u, chatCall(hello, "")); a.status != want {
				t.Errorf("status %d, want %d", a.status, want)
			}
			time.Sleep(time.Second)
		}
	})
}

func TestWhatHasBegunBeforeAnOutageIsFinished(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		u := simulated.New(schemas.SimulationConfig{TokensPerSecond: 1, OutputTokens: 10, OutageAfter: 5 * time.Second, OutageFor: time.Hour})
		text := do(t, u, chatCall(helloStream, "")).body
		if got := assemble(t, chunks(t, text)); len(got) != 1 || got[0].FinishReason != "stop" {
			t.Errorf("%+v", got)
		}
		if a := do(t, u, chatCall(hello, "")); a.status != 503 {
			t.Errorf("status %d after 10 s", a.status)
		}
	})
}

func TestAnOutageThatHangsHoldsCallsUntilTheirCallersLeave(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		u := simulated.New(schemas.SimulationConfig{OutageFor: time.Second, Outage: schemas.OutageHang})
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
		defer cancel()
		var err error
		spent := took(func() { _, err = u.Do(ctx, chatCall(hello, "")) })
		if !errors.Is(err, schemas.ErrTimeout) || spent != 5*time.Second {
			t.Errorf("%v after %v", err, spent)
		}
		if s := checkIdle(t, u); s.Canceled != 1 {
			t.Errorf("%+v", s)
		}
	})
}

func TestAnOutageThatResetsBreaksTheConnectionOnBothFaces(t *testing.T) {
	u := simulated.New(schemas.SimulationConfig{OutageFor: time.Hour, Outage: schemas.OutageReset})
	if _, err := u.Do(t.Context(), chatCall(hello, "")); !errors.Is(err, schemas.ErrUpstream) || !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("in process: %v", err)
	}
	server := httptest.NewServer(u)
	defer server.Close()
	resp, err := http.Post(server.URL+"/v1/chat/completions", "application/json", strings.NewReader(hello))
	if err == nil {
		resp.Body.Close()
		t.Errorf("over HTTP: status %d", resp.StatusCode)
	}
	if s := checkIdle(t, u); s.Failed != 2 {
		t.Errorf("%+v", s)
	}
}

// A call's own wishes are for what it is answered with, and in an outage it is not.
func TestAnOutageCannotBeSwitchedOffByACall(t *testing.T) {
	u := simulated.New(schemas.SimulationConfig{OutageFor: time.Hour})
	for _, request := range []string{"status=400", "html", "reset", "nonsense"} {
		if a := do(t, u, chatCall(hello, request)); a.status != 503 {
			t.Errorf("%q: status %d", request, a.status)
		}
	}
}

func TestAnOutageThatCannotBeIsRefused(t *testing.T) {
	for name, c := range map[string]schemas.SimulationConfig{
		"a kind that nobody knows":  {OutageFor: 1, Outage: "flood"},
		"a negative beginning":      {OutageAfter: -1},
		"a negative time":           {OutageFor: -1},
		"again before it was over":  {OutageFor: time.Minute, OutageEvery: time.Minute},
		"a negative limit per time": {RequestsPerSecond: -1},
	} {
		if c.Validate() == nil {
			t.Errorf("%s is accepted", name)
		}
	}
	for _, kind := range append(schemas.Outages(), "") {
		c := schemas.SimulationConfig{OutageFor: time.Minute, OutageEvery: 2 * time.Minute, Outage: kind, RequestsPerSecond: 0.5}
		if err := c.Validate(); err != nil {
			t.Errorf("%q: %v", kind, err)
		}
	}
}
