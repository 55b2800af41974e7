package simulated

import (
	"context"
	"io"
	"sync"
	"sync/atomic"
	"time"
)

// stream is a chat answer as server-sent events, each made when it is asked for.
// Read and next belong to one reader; Close may be called from anywhere.
//
// Its states: open, then ended (the call has left the gate; err says what reads
// return) by the last event, a fault, the end of ctx, or Close.
type stream struct {
	ctx   context.Context
	u     *Upstream
	fault fault
	start time.Time

	ended   atomic.Bool // the one door out of the gate
	closing sync.Once
	closed  chan struct{}

	// Touched by the reader only.
	script  script
	sent    int // events handed out
	pending []byte
	err     error // not nil: no further event
}

// newStream opens a stream; from here on it is the stream that leaves the gate.
func newStream(ctx context.Context, u *Upstream, p *plan, usage bool, f fault) *stream {
	u.gate.openStream()
	return &stream{ctx: ctx, u: u, fault: f, start: time.Now(), closed: make(chan struct{}),
		script: newScript(p, usage)}
}

// Read hands out one event at a time, or as much of it as fits.
func (s *stream) Read(p []byte) (int, error) {
	if len(p) == 0 {
		return 0, nil
	}
	if len(s.pending) == 0 {
		event, err := s.next()
		if err != nil {
			return 0, err
		}
		s.pending = event
	}
	n := copy(p, s.pending)
	s.pending = s.pending[n:]
	return n, nil
}

// Close gives up the rest and frees the call's place. It does not block.
func (s *stream) Close() error {
	s.closing.Do(func() { close(s.closed) })
	s.end(canceled)
	return nil
}

// next blocks until the next event is due. The event is valid until the next
// call. With its last event, or an error, the call has left the gate.
func (s *stream) next() ([]byte, error) {
	if s.err == nil {
		s.err = s.ready()
	}
	if s.err != nil {
		return nil, s.err
	}
	if s.fault.dueAt(s.sent) {
		return s.breakOff()
	}
	event, last := s.script.event()
	s.sent++
	if last {
		s.finish(succeeded, io.EOF)
	}
	return event, nil
}

// ready waits for the next event's time.
func (s *stream) ready() error {
	select {
	case <-s.closed:
		return closedError()
	default:
	}
	err := error(nil)
	if s.ctx.Err() != nil {
		err = contextError(s.ctx, true)
	} else if rate := s.u.cfg.TokensPerSecond; rate > 0 && !s.fault.dueAt(s.sent) {
		due := time.Duration(float64(s.script.due()) / rate * float64(time.Second))
		err = pause(s.ctx, due-time.Since(s.start), s.closed)
	}
	if err != nil {
		s.end(canceled)
	}
	return err
}

func (s *stream) breakOff() ([]byte, error) {
	if s.fault.kind == faultEvent {
		s.finish(failed, io.EOF)
		return streamErrorEvent, nil
	}
	end, err := s.fault.strike(s.ctx, s.closed)
	s.finish(end, err)
	return nil, err
}

func (s *stream) finish(how outcome, err error) {
	s.err = err
	s.end(how)
}

func (s *stream) end(how outcome) {
	if s.ended.CompareAndSwap(false, true) {
		s.u.gate.closeStream(how)
	}
}
