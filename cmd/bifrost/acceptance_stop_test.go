package main

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"os/exec"
	"strings"
	"syscall"
	"testing"
)

// answers are requests under way: what each was answered with in the end.
type answers chan string

// begun starts n chats at a gateway, each of which is answered in the end.
func begun(t *testing.T, base string, n int, body string, header ...string) answers {
	t.Helper()
	client := &http.Client{Transport: &http.Transport{MaxConnsPerHost: 0}}
	out := make(answers, n)
	for range n {
		go func() { // ends with the answer
			req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, base+chatPath, strings.NewReader(body))
			if err != nil {
				out <- err.Error()
				return
			}
			req.Header.Set("Content-Type", "application/json")
			for i := 0; i < len(header); i += 2 {
				req.Header.Set(header[i], header[i+1])
			}
			resp, err := client.Do(req)
			if err != nil {
				out <- err.Error()
				return
			}
			defer resp.Body.Close()
			text, err := io.ReadAll(resp.Body)
			if err != nil {
				text = append(text, err.Error()...)
			}
			out <- resp.Status + " " + string(text)
		}()
	}
	return out
}

// want counts the answers that are as they should be.
func (a answers) want(t *testing.T, n int, what string, is func(answer string) bool) {
	t.Helper()
	for range n {
		if got := <-a; !is(got) {
			t.Errorf("%s: got %.300s", what, got)
		}
	}
}

// queues is what /readyz says of the simulated provider.
func queues(t *testing.T, base string) (inHand, queued int) {
	t.Helper()
	resp, err := http.Get(base + "/readyz")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	var r struct {
		Providers map[string]struct {
			InHand int `json:"in_hand"`
			Queued int `json:"queued"`
		}
	}
	if err := json.NewDecoder(resp.Body).Decode(&r); err != nil {
		t.Fatal(err)
	}
	return r.Providers["simulated"].InHand, r.Providers["simulated"].Queued
}

const goodChat = `{"model":"simulated/sim-small","messages":[{"role":"user","content":"hello"}]}`

func TestSIGTERMWithFiftyStreamsOpenAndTwoHundredQueuedAnswersEveryOne(t *testing.T) {
	path := file(t, "[server]\nlisten = \"127.0.0.1:0\"\nshutdown_timeout = \"60s\"\nshutdown_delay = \"50ms\"\n[admin]\nlisten = \"off\"\n[access_log]\nenabled = false\n"+
		"[providers.simulated]\nconcurrency_and_buffer_size = { concurrency = 50, buffer_size = 200 }\n[providers.simulated.simulation]\noutput_tokens = 60\ntokens_per_second = 30\n")
	p, stdout := launch(t, "serve", "--config", path)
	base := stdout.await(t, bannerURL)
	streams := begun(t, base, 50, goodStream)
	eventually(t, "50 streams are open", func() bool { inHand, _ := queues(t, base); return inHand == 50 })
	queued := begun(t, base, 200, goodChat)
	eventually(t, "200 are queued", func() bool { inHand, queued := queues(t, base); return inHand == 50 && queued == 200 })
	if err := p.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	streams.want(t, 50, "a stream", func(a string) bool { return strings.HasPrefix(a, "200 ") && strings.HasSuffix(a, "data: [DONE]\n\n") })
	queued.want(t, 200, "one that was queued", func(a string) bool { return strings.HasPrefix(a, "200 ") && strings.Contains(a, `"choices":[{`) })
	if err := exit(t, p); err != nil {
		t.Errorf("%v\n%s\n%s", err, stdout, p.Stderr)
	}
	if log := p.Stderr.(*console).String(); !strings.Contains(log, "stopped, everything finished") || strings.Contains(log, "unserved") {
		t.Errorf("the log is %s", log)
	}
}

func TestSIGTERMAnswersAlsoWhatItCannotFinishAndReportsItByNumbers(t *testing.T) {
	path := file(t, "[server]\nlisten = \"127.0.0.1:0\"\nshutdown_timeout = \"200ms\"\n[admin]\nlisten = \"off\"\n[access_log]\nenabled = false\n"+
		"[providers.simulated]\nconcurrency_and_buffer_size = { concurrency = 5, buffer_size = 20 }\n[providers.simulated.simulation]\ntokens_per_second = 60\n")
	p, stdout := launch(t, "serve", "--config", path)
	base := stdout.await(t, bannerURL)
	streams := begun(t, base, 5, goodStream, "X-Simulate", "stall=2")
	eventually(t, "5 streams are open", func() bool { inHand, _ := queues(t, base); return inHand == 5 })
	queued := begun(t, base, 20, goodChat)
	eventually(t, "20 are queued", func() bool { _, queued := queues(t, base); return queued == 20 })
	if err := p.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	streams.want(t, 5, "a stream", func(a string) bool { return strings.Contains(a, `"code":"draining"`) && !strings.Contains(a, "[DONE]") })
	queued.want(t, 20, "one that was queued", func(a string) bool { return strings.HasPrefix(a, "503 ") && strings.Contains(a, `"code":"draining"`) })
	var ended *exec.ExitError
	if err := exit(t, p); !errors.As(err, &ended) || ended.ExitCode() != 1 {
		t.Errorf("it ended with %v", err)
	}
	log := p.Stderr.(*console).String()
	if !strings.Contains(log, "simulated: 20 queued, 0 backing off and 5 in hand were answered unserved") ||
		!strings.Contains(log, `"provider":"simulated","queued":20,"backing_off":0,"in_hand":5,"stuck":0`) {
		t.Errorf("the report is %s", log)
	}
}
