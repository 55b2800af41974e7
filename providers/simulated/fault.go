package simulated

import (
	"context"
	"errors"
	"io"
)

// faultKind is a way for an answer to break off.
type faultKind int

const (
	faultNone faultKind = iota
	faultStall
	faultReset
	faultCut
	faultEvent
)

var faultKinds = map[string]faultKind{
	"stall": faultStall, "reset": faultReset, "cut": faultCut, "stream-error": faultEvent,
}

// fault says how an answer breaks off, and after how many events of its stream;
// -1 means before the answer's headers.
type fault struct {
	kind  faultKind
	after int
}

func (f fault) beforeAnswer() bool { return f.kind != faultNone && f.after < 0 }

func (f fault) inStream() bool { return f.kind != faultNone && f.after >= 0 }

func (f fault) dueAt(events int) bool { return f.inStream() && f.after == events }

func (f fault) needsStream() *refusal {
	return badSwitch("a number of events needs a stream; set stream to true")
}

// strike breaks the answer off: it returns how the call ends, and the error that
// its reader sees. A stall blocks until ctx ends or closed is closed.
func (f fault) strike(ctx context.Context, closed <-chan struct{}) (outcome, error) {
	switch f.kind {
	case faultStall:
		return canceled, hang(ctx, closed)
	case faultReset:
		return failed, brokenError()
	}
	return failed, io.EOF
}

// brokenOff reports whether err, from a reply or its stream, leaves the answer
// without a proper end on the wire.
func brokenOff(err error) bool { return err != nil && !errors.Is(err, io.EOF) }
