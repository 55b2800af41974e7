package httpx

import (
	"context"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"bifrost/schemas"
)

// fake is a Doer of one answer: headers after a while, then the parts of its body.
type fake struct {
	headers time.Duration
	parts   []part
	err     error
	ctx     context.Context // of the last call
	closed  bool
}

type part struct {
	after time.Duration
	data  string
	err   error
}

func (f *fake) Do(ctx context.Context, _ *Request) (*Response, error) {
	f.ctx = ctx
	if err := wait(ctx, f.headers); err != nil {
		return nil, err
	}
	if f.err != nil {
		return nil, f.err
	}
	return &Response{StatusCode: 200, Body: &fakeBody{ctx: ctx, parts: f.parts}}, nil
}

func (f *fake) Close() error { f.closed = true; return nil }

type fakeBody struct {
	ctx    context.Context
	parts  []part
	closed int
}

func (b *fakeBody) Read(p []byte) (int, error) {
	if len(b.parts) == 0 {
		return 0, io.EOF
	}
	next := b.parts[0]
	if err := wait(b.ctx, next.after); err != nil {
		return 0, err
	}
	b.parts = b.parts[1:]
	return copy(p, next.data), next.err
}

func (b *fakeBody) Close() error { b.closed++; return nil }

func wait(ctx context.Context, d time.Duration) error {
	if d == 0 {
		return ctx.Err()
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func TestATimeoutEndsTheAttemptOnTimeAndNamesItsSetting(t *testing.T) {
	limits := Timeouts{FirstByte: 10 * time.Second, Total: 60 * time.Second, ChunkIdle: 5 * time.Second}
	cases := map[string]struct {
		fake *fake
		key  string
		at   time.Duration
	}{
		"headers late": {&fake{headers: time.Hour}, "first_byte_timeout", 10 * time.Second},
		"headers alone do not stop it": {&fake{headers: 9 * time.Second, parts: []part{{after: 2 * time.Second}}},
			"first_byte_timeout", 10 * time.Second},
		"idle": {&fake{parts: []part{{after: 9 * time.Second, data: "a"}, {after: 6 * time.Second}}},
			"chunk_idle_timeout", 14 * time.Second},
		"total": {&fake{parts: repeat(part{after: 4 * time.Second, data: "a"}, 30)}, "total_timeout", 60 * time.Second},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				begin := time.Now()
				_, err := callAll(t.Context(), WithTimeouts(c.fake, limits))
				var e *schemas.Error
				if !errors.As(err, &e) || e.Kind != schemas.KindTimeout || !e.MayHaveStarted {
					t.Fatalf("got %#v, want a timeout that may have started", err)
				}
				if !strings.Contains(e.Message, "network_config."+c.key) || !errors.Is(err, context.DeadlineExceeded) {
					t.Fatalf("got %v", err)
				}
				if took := time.Since(begin); took != c.at {
					t.Fatalf("ended after %v, want %v", took, c.at)
				}
			})
		})
	}
}

func TestAReaderThatIsSlowItselfIsNotAnIdleProvider(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fake{parts: repeat(part{after: time.Second, data: "a"}, 5)}
		resp, err := WithTimeouts(f, Timeouts{ChunkIdle: 2 * time.Second, FirstByte: time.Minute}).Do(t.Context(), &Request{})
		if err != nil {
			t.Fatal(err)
		}
		for range 5 {
			if _, err := resp.Body.Read(make([]byte, 1)); err != nil {
				t.Fatal(err)
			}
			time.Sleep(time.Hour) // the reader's own time, faked
		}
		if _, err := resp.Body.Read(make([]byte, 1)); err != io.EOF {
			t.Fatalf("got %v, want the end", err)
		}
	})
}

func TestNothingIsBoundedAtZeroAndNothingIsLeftAtTheEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fake{headers: time.Hour, parts: repeat(part{after: time.Hour, data: "a"}, 3)}
		resp, err := WithTimeouts(f, Timeouts{}).Do(t.Context(), &Request{})
		if err != nil {
			t.Fatal(err)
		}
		if text, err := io.ReadAll(resp.Body); err != nil || string(text) != "aaa" {
			t.Fatalf("got %q, %v", text, err)
		}
		if f.ctx.Err() == nil {
			t.Fatal("the attempt's context was not released at the end of its body")
		}
	})
}

func TestAFailedCallReleasesItsContext(t *testing.T) {
	f := &fake{err: errors.New("cut")}
	_, err := WithTimeouts(f, Timeouts{Total: time.Hour}).Do(t.Context(), &Request{})
	if !errors.Is(err, schemas.ErrUpstream) || f.ctx.Err() == nil {
		t.Fatalf("got %v, context %v", err, f.ctx.Err())
	}
}

func TestACallersEndHasItsKindAndItsCause(t *testing.T) {
	own := &schemas.Error{Kind: schemas.KindOverloaded, Reason: schemas.ReasonDraining}
	shutdown := errors.New("shutdown")
	cases := map[string]struct {
		ctx  func(context.Context) context.Context
		kind schemas.ErrorKind
		is   []error
	}{
		"canceled": {func(ctx context.Context) context.Context { return canceled(ctx, nil) },
			schemas.KindCanceled, []error{context.Canceled}},
		"canceled with a cause": {func(ctx context.Context) context.Context { return canceled(ctx, shutdown) },
			schemas.KindCanceled, []error{context.Canceled, shutdown}},
		"canceled with our error": {func(ctx context.Context) context.Context { return canceled(ctx, own) },
			schemas.KindOverloaded, []error{own}},
		"deadline": {func(ctx context.Context) context.Context {
			ctx, cancel := context.WithTimeout(ctx, time.Second)
			context.AfterFunc(ctx, cancel)
			return ctx
		}, schemas.KindTimeout, []error{context.DeadlineExceeded}},
	}
	for name, c := range cases {
		for place, f := range map[string]*fake{
			"headers": {headers: time.Hour},
			"body":    {parts: []part{{data: "a"}, {after: time.Hour}}},
		} {
			t.Run(name+" in "+place, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					_, err := callAll(c.ctx(t.Context()), WithTimeouts(f, Timeouts{Total: 2 * time.Hour}))
					var e *schemas.Error
					if !errors.As(err, &e) || e.Kind != c.kind {
						t.Fatalf("got %v, want kind %s", err, c.kind)
					}
					for _, want := range c.is {
						if !errors.Is(err, want) {
							t.Errorf("%v is not %v", err, want)
						}
					}
				})
			})
		}
	}
}

func TestCloseEndsAPendingReadAndMayBeRepeated(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		resp, err := WithTimeouts(&fake{parts: []part{{after: time.Hour}}}, Timeouts{Total: 2 * time.Hour}).Do(t.Context(), &Request{})
		if err != nil {
			t.Fatal(err)
		}
		read := make(chan error)
		go func() { // ends when Read returns
			_, err := resp.Body.Read(make([]byte, 1))
			read <- err
		}()
		synctest.Wait()
		_ = resp.Body.Close()
		_ = resp.Body.Close()
		if err := <-read; !errors.Is(err, schemas.ErrCanceled) {
			t.Fatalf("got %v, want canceled", err)
		}
	})
}

func TestTheSameErrorIsReturnedAgain(t *testing.T) {
	cut := errors.New("cut")
	resp, err := WithTimeouts(&fake{parts: []part{{data: "a"}, {err: cut}}}, Timeouts{}).Do(t.Context(), &Request{})
	if err != nil {
		t.Fatal(err)
	}
	_, first := io.ReadAll(resp.Body)
	_, second := resp.Body.Read(make([]byte, 1))
	if first != second || !errors.Is(first, schemas.ErrUpstream) || !errors.Is(first, cut) {
		t.Fatalf("got %v, then %v", first, second)
	}
}

func TestAnInnersOwnErrorIsKept(t *testing.T) {
	own := &schemas.Error{Kind: schemas.KindUpstream, Message: "unreachable"}
	d := &fake{err: own}
	timed := WithTimeouts(d, Timeouts{Total: time.Hour})
	if _, err := timed.Do(t.Context(), &Request{}); err != own {
		t.Fatalf("got %v", err)
	}
	if _ = timed.Close(); !d.closed {
		t.Fatal("close did not reach the inner doer")
	}
}

func canceled(ctx context.Context, cause error) context.Context {
	ctx, cancel := context.WithCancelCause(ctx)
	time.AfterFunc(time.Second, func() { cancel(cause) })
	return ctx
}

func callAll(ctx context.Context, d Doer) (string, error) {
	resp, err := d.Do(ctx, &Request{})
	if err != nil {
		return "", err
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	return string(b), err
}

func repeat(p part, n int) []part {
	var all []part
	for range n {
		all = append(all, p)
	}
	return all
}
