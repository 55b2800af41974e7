package main

import (
	"io"
	"os"
	"sync/atomic"

	"github.com/mattn/go-isatty"
	"github.com/rs/zerolog"
)

// logLevel is what is logged, which may change while the program runs. It is safe for
// concurrent use.
type logLevel struct{ least atomic.Int32 }

var _ zerolog.Sampler = (*logLevel)(nil)

// set takes one of the levels that the configuration allows.
func (l *logLevel) set(level string) error {
	parsed, err := zerolog.ParseLevel(level)
	if err != nil {
		return err
	}
	l.least.Store(int32(parsed))
	return nil
}

// Sample reports whether an event of a level is logged. It is asked before the event is
// made.
func (l *logLevel) Sample(level zerolog.Level) bool { return int32(level) >= l.least.Load() }

// newLogger logs to out: for a person if out is a terminal, else one JSON object
// a line. level is one of those that the configuration allows.
func newLogger(out io.Writer, level string) (zerolog.Logger, *logLevel, error) {
	l := new(logLevel)
	if err := l.set(level); err != nil {
		return zerolog.Nop(), nil, err
	}
	if f, ok := out.(*os.File); ok && isatty.IsTerminal(f.Fd()) {
		out = zerolog.ConsoleWriter{Out: out, TimeFormat: "15:04:05.000"}
	}
	return zerolog.New(zerolog.SyncWriter(out)).Sample(l).With().Timestamp().Logger(), l, nil
}
