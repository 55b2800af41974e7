package actors_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"bifrost"
	"bifrost/schemas"
)

// Doors and settings at a bad moment; each of these once lost an answer, a
// switch, or its caller's time.

func TestEnvelopesInABatchAreAnsweredToTheirOwnSenders(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client := startClient(t, newProvider(atOnce), sizes(1, 4))
		one, two := newAsker(t, client), newAsker(t, client)
		client.ActorSystem().Root.Send(pidOf(t, client), batch{
			&actor.MessageEnvelope{Message: request(), Sender: one.pid},
			&actor.MessageEnvelope{Message: request(), Sender: two.pid},
			request(), // nobody's
		})
		synctest.Wait()
		for _, a := range []*asker{one, two} {
			if len(a.answers) != 1 {
				t.Errorf("%d answers, want 1", len(a.answers))
			} else if m, ok := (<-a.answers).(*schemas.Response); !ok {
				t.Errorf("answered with %T", m)
			}
		}
		if s := stats(client); s.Completed != 3 {
			t.Errorf("%+v", s)
		}
		atRest(t, client)
	})
}

// describing calls back each time it is asked to describe itself.
type describing struct {
	*scripted
	asked func()
}

func (d *describing) Describe() schemas.ProviderInfo {
	d.asked()
	return d.scripted.Describe()
}

func TestDropModeThatIsSwitchedWhileAProviderStartsIsItsMode(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var asked atomic.Int32
		var client *bifrost.Client
		p := &describing{scripted: newProvider(atOnce), asked: func() {
			if client != nil && asked.Add(1) == 2 { // the router is being made
				client.SetDropExcessRequests(true)
			}
		}}
		c := start(t, schemas.BifrostConfig{Account: newAccount()}, bifrost.WithProvider(providerName, p))
		client = c
		if err := c.RemoveProvider(t.Context(), providerName); err != nil {
			t.Fatal(err)
		}
		asked.Store(0)
		if err := c.UpdateProvider(t.Context(), providerName); err != nil {
			t.Fatal(err)
		}
		if !stats(c).Drop {
			t.Errorf("in wait mode after %d descriptions", asked.Load())
		}
	})
}

func TestTransportHeedsItsContextWhileTheRequestsBodyIsRead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client := startClient(t, newProvider(atOnce), sizes(1, 1))
		body, sender := io.Pipe()
		defer sender.Close()
		ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
		defer cancel()
		req, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://any/v1/files", body)
		if err != nil {
			t.Fatal(err)
		}
		began := time.Now()
		_, err = (&http.Client{Transport: client.Transport(providerName)}).Do(req)
		if !errors.Is(err, context.DeadlineExceeded) || time.Since(began) != 50*time.Millisecond {
			t.Errorf("%v after %v", err, time.Since(began))
		}
		atRest(t, client)
	})
}

// locked is a body with one lock for reading and closing, as a server's request has.
type locked struct {
	mu sync.Mutex
	io.ReadCloser
}

func (b *locked) Read(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.ReadCloser.Read(p)
}

func (b *locked) Close() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.ReadCloser.Close()
}

func TestTransportHeedsItsContextAlsoWhenTheBodyCannotBeClosed(t *testing.T) {
	client := startClient(t, newProvider(atOnce), sizes(1, 1))
	body, sender := io.Pipe()
	ctx, cancel := context.WithCancel(t.Context())
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://any/v1/files", &locked{ReadCloser: body})
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() {
		_, err := client.Transport(providerName).RoundTrip(req)
		ended <- err
	}()
	if _, err := sender.Write([]byte("a")); err != nil { // it is being read
		t.Fatal(err)
	}
	cancel()
	within(t, 10*time.Second, "the end of the call", func() {
		if err := <-ended; !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
	})
	_ = sender.Close() // the body's end is its sender's affair
}

func TestAccountsMapsMayChangeAfterTheyWereRead(t *testing.T) {
	headers, models := schemas.Headers{"X-Team": "a"}, []string{"sim-small"}
	account := schemas.StaticAccount{"simulated": {
		Keys:   []schemas.Key{{Value: "v", Models: models}},
		Config: schemas.ProviderConfig{NetworkConfig: schemas.NetworkConfig{ExtraHeaders: headers}},
	}}
	client := start(t, schemas.BifrostConfig{Account: account})
	done := make(chan struct{})
	go func() { // ends by itself; the race detector watches
		defer close(done)
		for range 200 {
			headers["X-Team"], models[0] = "b", "other"
		}
	}()
	for range 50 {
		if _, err := client.ChatCompletionRequest(t.Context(), &schemas.ChatRequest{Provider: "simulated", Model: "sim-small",
			Messages: []schemas.ChatMessage{schemas.UserMessage("Hello")}}); err != nil {
			t.Fatal(err)
		}
	}
	<-done
}
