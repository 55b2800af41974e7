package providertest

import (
	"context"
	"errors"
	"testing"
	"time"

	"bifrost/schemas"
)

// canceled cancels a call once it has arrived and returns its error, after the
// upstream has seen the caller go. It fails if either takes long.
func canceled(t *testing.T, f Fixture, req *schemas.Request, beginning string, cause error) error {
	t.Helper()
	arrived, left := make(chan struct{}, 1), make(chan struct{}, 1)
	f.Upstream.Script(stalls(f.set().media(), beginning, arrived, left))
	ctx, cancel := context.WithCancelCause(within(t))
	defer cancel(nil)
	result := make(chan error, 1)
	go func() { // ends when the call is canceled
		_, err := f.whole(ctx, t, req)
		result <- err
	}()
	select {
	case <-arrived:
	case err := <-result:
		t.Fatalf("the call ended before it arrived: %v", err)
	}
	begin := time.Now()
	cancel(cause)
	err := <-result
	<-left
	if took := time.Since(begin); took > patience {
		t.Errorf("the cancel took %v", took)
	}
	return err
}

func cancelsBeforeHeaders(t *testing.T, f Fixture) {
	for _, op := range f.operations() {
		err := canceled(t, f, f.request(op), "", nil)
		if e := wantKind(t, err, schemas.KindCanceled); !errors.Is(err, context.Canceled) || !e.MayHaveStarted || e.Provider == "" {
			t.Errorf("%s: got %#v", op, e)
		}
	}
}

func cancelsInStream(t *testing.T, f Fixture) {
	for way, req := range f.streams() {
		err := canceled(t, f, req, f.set().hello, nil)
		if e := wantKind(t, err, schemas.KindCanceled); !errors.Is(err, context.Canceled) || !e.MayHaveStarted {
			t.Errorf("%s: got %#v", way, e)
		}
	}
}

func hasCause(t *testing.T, f Fixture) {
	own := &schemas.Error{Kind: schemas.KindOverloaded, Reason: schemas.ReasonDraining}
	shutdown := errors.New("shutdown")
	for _, beginning := range []string{"", f.set().hello} {
		for way, req := range f.streams() {
			if err := canceled(t, f, req, beginning, own); err != error(own) {
				t.Errorf("%s: got %v, want the cause itself", way, err)
			}
			err := canceled(t, f, req, beginning, shutdown)
			if !errors.Is(err, shutdown) || !errors.Is(err, context.Canceled) {
				t.Errorf("%s: got %v", way, err)
			}
		}
	}
}

func closeReachesUpstream(t *testing.T, f Fixture) {
	for way, req := range f.streams() {
		arrived, left := make(chan struct{}, 1), make(chan struct{}, 1)
		f.Upstream.Script(stalls(f.set().media(), f.set().hello, arrived, left))
		resp, err := f.call(within(t), t, req)
		if err != nil {
			t.Fatal(err)
		}
		pending := make(chan error, 1)
		go func() { // ends when the response is closed
			_, err := consume(resp)
			pending <- err
		}()
		<-arrived
		if resp.Stream != nil {
			err = resp.Stream.Close()
		} else {
			err = resp.Raw.Body.Close()
		}
		if err != nil {
			t.Errorf("%s: close: %v", way, err)
		}
		<-left
		wantKind(t, <-pending, schemas.KindCanceled)
	}
}
