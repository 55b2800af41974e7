package actors_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"bifrost/schemas"
)

func TestStreamHoldsItsWorkerUntilItEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newProvider(streaming(5, time.Second))
		client := startClient(t, p, sizes(1, 20))
		began := time.Now()
		var wg sync.WaitGroup
		for range 20 {
			wg.Go(func() {
				s, err := client.ChatCompletionStreamRequest(t.Context(), chat())
				if err != nil {
					t.Error(err)
					return
				}
				if n, err := readAll(s); n != 5 || err != io.EOF {
					t.Errorf("%d chunks, then %v", n, err)
				}
			})
		}
		wg.Wait()
		if p.Peak() != 1 || p.Open() != 0 || time.Since(began) < 100*time.Second {
			t.Errorf("peak %d, open %d, after %v", p.Peak(), p.Open(), time.Since(began))
		}
		synctest.Wait()
		if s := stats(client); s.Completed != 20 {
			t.Errorf("at rest: %+v", s)
		}
		atRest(t, client)
	})
}

func TestStreamHasAllChunksInOrderAndThenEndsForGood(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client := startClient(t, newProvider(streaming(100, 0)), sizes(1, 1))
		n := 0
		s := stream(t.Context(), t, client)
		for chunk, err := range s.All() {
			if n++; err != nil || chunk.Text() != fmt.Sprintf("%d ", n) {
				t.Fatalf("element %d: %v, %v", n, chunk, err)
			}
		}
		for range 3 {
			if _, err := s.Next(); err != io.EOF || n != 100 {
				t.Errorf("after %d chunks: %v", n, err)
			}
			if err := s.Close(); err != nil {
				t.Error(err)
			}
		}
		atRest(t, client)
	})
}

func TestSlowReaderSlowsTheProviderAndMemoryStaysBounded(t *testing.T) {
	const ahead = 20 // chunks that may lie between provider and reader
	synctest.Test(t, func(t *testing.T) {
		up := &source{}
		client := startClient(t, newProvider(from(up)), sizes(1, 1))
		s := stream(t.Context(), t, client)
		for read := range 300 {
			synctest.Wait() // the provider has gone as far as it may
			if made := int(up.made.Load()); made > read+ahead || made < read {
				t.Fatalf("%d chunks made, %d read", made, read)
			}
			if _, err := s.Next(); err != nil {
				t.Fatal(err)
			}
			time.Sleep(time.Second)
		}
		_ = s.Close()
	})
}

func TestSlowReaderOfARawBodySlowsTheProviderAndMemoryStaysBounded(t *testing.T) {
	const ahead = 64 << 10 // bytes
	for _, size := range []int{1, 1000, 1 << 20} {
		synctest.Test(t, func(t *testing.T) {
			up := &source{size: size}
			client := startClient(t, newProvider(from(up)), sizes(1, 1))
			body := rawCall(t.Context(), t, client)
			each := min(size, 32<<10) // what one read can take at most
			buffer, read := make([]byte, 512), 0
			for range 300 {
				synctest.Wait()
				if made := int(up.made.Load()) * each; made > read+ahead {
					t.Fatalf("%d bytes made, %d read", made, read)
				}
				n, err := body.Read(buffer)
				if err != nil {
					t.Fatal(err)
				}
				read += n
				time.Sleep(time.Second)
			}
			_ = body.Close()
		})
	}
}

func TestEarlyCloseFreesTheWorkerAtOnceAndCountsAsCancelled(t *testing.T) {
	for _, door := range []string{"stream", "range", "raw"} {
		t.Run(door, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				up := &source{size: 10}
				p := newProvider(from(up))
				client := startClient(t, p, sizes(1, 1))
				switch door {
				case "stream":
					s := stream(t.Context(), t, client)
					_, _ = s.Next()
					for range 3 {
						_ = s.Close()
					}
				case "range":
					for range stream(t.Context(), t, client).All() {
						break
					}
				case "raw":
					body := rawCall(t.Context(), t, client)
					_ = body.Close()
					if _, err := body.Read(make([]byte, 1)); err == nil || err == io.EOF {
						t.Errorf("a read after close returned %v", err)
					}
				}
				began := time.Now()
				if err := ask(t.Context(), client); err != nil || time.Since(began) > 10*time.Millisecond {
					t.Errorf("the next call: %v after %v", err, time.Since(began))
				}
				synctest.Wait()
				if s := stats(client); s.Cancelled != 1 || s.Completed != 1 || up.closed.Load() == 0 || p.Open() != 0 {
					t.Errorf("closed %d times, %d open, %+v", up.closed.Load(), p.Open(), s)
				}
			})
		})
	}
}

func TestCloseWhileTheReaderWaitsEndsItsWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client := startClient(t, newProvider(streaming(10, time.Hour)), sizes(1, 1))
		s := stream(t.Context(), t, client)
		time.AfterFunc(time.Second, func() { _ = s.Close() })
		began := time.Now()
		if _, err := s.Next(); !errors.Is(err, schemas.ErrCanceled) || time.Since(began) != time.Second {
			t.Errorf("%v after %v", err, time.Since(began))
		}
	})
}

func TestReaderThatNeitherReadsNorClosesLosesItsStream(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		up := &source{}
		client := startClient(t, newProvider(from(up)), sizes(1, 1), readerIdle(7*time.Second))
		s := stream(t.Context(), t, client)
		began := time.Now()
		if err := ask(t.Context(), client); err != nil || time.Since(began) != 7*time.Second {
			t.Errorf("the next call: %v after %v", err, time.Since(began))
		}
		n, err := readAll(s)
		if !errors.Is(err, schemas.ErrTimeout) || n > 20 || up.closed.Load() == 0 {
			t.Errorf("%d chunks, then %v; closed %d times", n, err, up.closed.Load())
		}
		if _, again := s.Next(); again != err {
			t.Errorf("then %v", again)
		}
		atRest(t, client)
	})
}

func TestReaderOfARawBodyThatNeitherReadsNorClosesLosesIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		up := &source{size: 1000}
		client := startClient(t, newProvider(from(up)), sizes(1, 1), readerIdle(7*time.Second))
		body := rawCall(t.Context(), t, client)
		began := time.Now()
		if err := ask(t.Context(), client); err != nil || time.Since(began) != 7*time.Second {
			t.Errorf("the next call: %v after %v", err, time.Since(began))
		}
		if _, err := io.ReadAll(body); !errors.Is(err, schemas.ErrTimeout) || up.closed.Load() == 0 {
			t.Errorf("ended with %v; closed %d times", err, up.closed.Load())
		}
		atRest(t, client)
	})
}

func TestReaderThatWaitsForTheProviderIsNotIdle(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client := startClient(t, newProvider(streaming(5, time.Minute)), sizes(1, 1), readerIdle(time.Second))
		if n, err := readAll(stream(t.Context(), t, client)); n != 5 || err != io.EOF {
			t.Errorf("%d chunks, then %v", n, err)
		}
	})
}

func TestBrokenStreamEndsWithAnErrorAndNeverAsIfItWereComplete(t *testing.T) {
	breaks := map[string]error{
		"typed":         &schemas.Error{Kind: schemas.KindUpstream, Message: "connection reset"},
		"untyped":       errors.New("reset"),
		"unexpected":    io.ErrUnexpectedEOF,
		"wrapped EOF":   fmt.Errorf("read: %w", io.EOF),
		"typed EOF":     &schemas.Error{Kind: schemas.KindUpstream, Message: "broken", Err: io.EOF},
		"closed pipe":   io.ErrClosedPipe,
		"context":       context.Canceled,
		"at once":       &schemas.Error{Kind: schemas.KindUpstream, Message: "broken"},
		"typed by hand": fmt.Errorf("more: %w", &schemas.Error{Kind: schemas.KindUpstream}),
	}
	for name, fault := range breaks {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				at := 4
				if name == "at once" {
					at = 1
				}
				p := newProvider(nil)
				p.script = func(ctx context.Context, a *schemas.Attempt) (*schemas.Response, error) {
					return from(&source{size: 1, next: failAt(at, fault)})(ctx, a)
				}
				client := startClient(t, p, sizes(1, 1))
				s := stream(t.Context(), t, client)
				n, err := readAll(s)
				if errors.Is(err, io.EOF) || n != at-1 {
					t.Errorf("stream: %d chunks, then %v, which is io.EOF: %v", n, err, errors.Is(err, io.EOF))
				}
				errorOf(t, err)
				if _, again := s.Next(); again != err {
					t.Errorf("then %v", again)
				}
				text, err := io.ReadAll(rawCall(t.Context(), t, client))
				if len(text) != at-1 || err == nil {
					t.Errorf("raw: %q, then %v", text, err)
				}
				errorOf(t, err)
				if s := stats(client); s.Failed != 2 {
					t.Errorf("%+v", s)
				}
				atRest(t, client)
			})
		})
	}
}

func TestContextThatEndsMidStreamEndsTheStreamAndFreesTheWorker(t *testing.T) {
	ends := map[string]struct {
		end  func(context.Context) (context.Context, context.CancelFunc)
		kind error
	}{
		"cancel": {func(c context.Context) (context.Context, context.CancelFunc) {
			ctx, cancel := context.WithCancel(c)
			time.AfterFunc(2500*time.Millisecond, cancel)
			return ctx, cancel
		}, schemas.ErrCanceled},
		"deadline": {func(c context.Context) (context.Context, context.CancelFunc) {
			return context.WithTimeout(c, 2500*time.Millisecond)
		}, schemas.ErrTimeout},
	}
	for name, c := range ends {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := newProvider(streaming(100, time.Second))
				client := startClient(t, p, sizes(1, 1))
				ctx, cancel := c.end(t.Context())
				defer cancel()
				began := time.Now()
				n, err := readAll(stream(ctx, t, client))
				if n != 2 || !errors.Is(err, c.kind) || time.Since(began) != 2500*time.Millisecond {
					t.Errorf("%d chunks, then %v after %v", n, err, time.Since(began))
				}
				synctest.Wait()
				if s := stats(client); s.Cancelled != 1 || p.Open() != 0 {
					t.Errorf("%d open, %+v", p.Open(), s)
				}
				atRest(t, client)
			})
		})
	}
}

func TestProviderThatIgnoresItsContextDoesNotHoldUpTheReader(t *testing.T) {
	for _, door := range []string{"stream", "raw"} {
		t.Run(door, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				gate := make(chan struct{})
				p := newProvider(from(&source{size: 1, next: func(n int) error {
					if n > 1 {
						<-gate
						return io.EOF
					}
					return nil
				}}))
				client := startClient(t, p, sizes(1, 1))
				ctx, cancel := context.WithTimeout(t.Context(), time.Second)
				defer cancel()
				began := time.Now()
				var err error
				if door == "stream" {
					_, err = readAll(stream(ctx, t, client))
				} else {
					_, err = io.ReadAll(rawCall(ctx, t, client))
				}
				if !errors.Is(err, schemas.ErrTimeout) || time.Since(began) != time.Second {
					t.Errorf("%v after %v", err, time.Since(began))
				}
				if s := stats(client); s.InHand != 1 {
					t.Errorf("the worker must be held while its provider is busy: %+v", s)
				}
				close(gate)
				synctest.Wait()
				atRest(t, client)
			})
		})
	}
}

func TestStreamWhoseCallerHasGoneBeforeItBeganIsClosed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		up := &source{}
		p := newProvider(func(ctx context.Context, a *schemas.Attempt) (*schemas.Response, error) {
			time.Sleep(2 * time.Second) // whatever becomes of ctx
			return from(up)(ctx, a)
		})
		client := startClient(t, p, sizes(1, 1))
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, err := client.ChatCompletionStreamRequest(ctx, chat()); !errors.Is(err, schemas.ErrTimeout) {
			t.Errorf("answer %v", err)
		}
		time.Sleep(2 * time.Second)
		synctest.Wait()
		if up.closed.Load() == 0 || p.Open() != 0 {
			t.Errorf("closed %d times, %d open", up.closed.Load(), p.Open())
		}
		atRest(t, client)
	})
}
