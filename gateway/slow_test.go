package gateway_test

import (
	"bufio"
	"fmt"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"bifrost"
	"bifrost/gateway"
	"bifrost/schemas"
)

// drip sends the head of a request, and then its body a byte at a time, until it is told to
// stop or the connection ends. The goroutine ends then.
func (s *site) drip(t *testing.T, head string, every time.Duration) *bufio.Reader {
	t.Helper()
	conn, err := net.Dial("tcp", s.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := fmt.Fprintf(conn, "POST %s HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 100000\r\n%s\r\n", chatPath, head); err != nil {
		t.Fatal(err)
	}
	stop, stopped := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(stopped)
		tick := time.NewTicker(every)
		defer tick.Stop()
		for {
			select {
			case <-stop:
				return
			case <-tick.C:
			}
			if _, err := conn.Write([]byte(" ")); err != nil {
				return
			}
		}
	}()
	t.Cleanup(func() {
		close(stop)
		<-stopped
		_ = conn.Close()
	})
	return bufio.NewReader(conn)
}

func answerOf(t *testing.T, from *bufio.Reader) *http.Response {
	t.Helper()
	type result struct {
		resp *http.Response
		err  error
	}
	got := make(chan result, 1)
	go func() { // ends with the answer, or with the connection
		resp, err := http.ReadResponse(from, nil)
		got <- result{resp, err}
	}()
	r := await(t, "an answer", got)
	if r.err != nil {
		t.Fatal(r.err)
	}
	return r.resp
}

func TestABodyThatDripsIsGivenUpHoweverOftenAByteComes(t *testing.T) {
	s := serve(t, schemas.BifrostConfig{}, gateway.Options{BodyTimeout: 100 * time.Millisecond}, bifrost.WithProvider("fake", always(answer)))
	resp := answerOf(t, s.drip(t, "", 10*time.Millisecond))
	if resp.StatusCode != http.StatusRequestTimeout || resp.Header.Get("X-Bifrost-Code") != "body_timeout" || !resp.Close {
		t.Errorf("got %d %v", resp.StatusCode, resp.Header)
	}
}

func TestAStrangerWhoseBodyDripsIsAnsweredAndHoldsNothing(t *testing.T) {
	s := serve(t, schemas.BifrostConfig{}, gateway.Options{Clients: teams(nil)}, bifrost.WithProvider("fake", always(answer)))
	resp := answerOf(t, s.drip(t, "Authorization: Bearer stolen\r\n", 10*time.Millisecond))
	if resp.StatusCode != http.StatusUnauthorized || !resp.Close {
		t.Errorf("got %d %v", resp.StatusCode, resp.Header)
	}
}

func TestAClientOverItsLimitsIsRefusedBeforeItsBodyIsRead(t *testing.T) {
	s := serve(t, schemas.BifrostConfig{}, gateway.Options{Clients: teams(func(c *gateway.Client) { c.RequestsPerMinute = 1 })}, bifrost.WithProvider("fake", always(answer)))
	if got := s.post(t, chatPath, goodChat, "Authorization", "Bearer "+teamKey); got.status != 200 {
		t.Fatalf("got %d %s", got.status, got.body)
	}
	resp := answerOf(t, s.drip(t, "Authorization: Bearer "+teamKey+"\r\n", 10*time.Millisecond))
	if resp.StatusCode != http.StatusTooManyRequests {
		t.Errorf("got %d %v", resp.StatusCode, resp.Header)
	}
}

func TestManyWhoDripDoNotHoldUpOthers(t *testing.T) {
	s := serve(t, schemas.BifrostConfig{}, gateway.Options{Clients: teams(nil), BodyTimeout: 300 * time.Millisecond}, bifrost.WithProvider("fake", always(answer)))
	for i := range 50 {
		key := teamKey
		if i%2 == 0 {
			key = "stolen"
		}
		s.drip(t, "Authorization: Bearer "+key+"\r\n", 20*time.Millisecond)
	}
	if got := s.post(t, chatPath, goodChat, "Authorization", "Bearer "+teamKey); got.status != 200 {
		t.Errorf("got %d %s", got.status, strings.TrimSpace(got.body))
	}
	eventually(t, "all who drip to be given up", func() bool { return inFlight(s) == 0 })
}

func inFlight(s *site) (n int) {
	for _, c := range s.gateway.Clients() {
		n += c.InFlight
	}
	return n
}
