package reload

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"time"

	"bifrost/admin"
	"bifrost/config"
)

// ErrClosed is why nothing changes any more.
var ErrClosed = errors.New("the program is about to end; what runs does not change any more")

// Options are what a Machine works with. All functions are called by one goroutine at a
// time.
type Options struct {
	// File is what runs at the start.
	File *config.File

	// Load reads the file again, and what it refers to.
	Load func() (*config.File, error)

	// Check finds out, without changing anything, what Apply would fail with. It is for
	// dry runs; nil: there is nothing more to find.
	Check func(next *config.File) error

	// Apply puts a file into force in place of the one that runs, or with an error nothing
	// of it.
	Apply func(ctx context.Context, now, next *config.File) error

	// Told is told the version that runs, at the start and after each reload and each
	// Set. Nil: nobody is.
	Told func(admin.ConfigVersion)
}

// Machine is what runs, and how it changes. It is safe for concurrent use.
type Machine struct {
	o      Options
	turn   chan struct{} // holds a value while something changes
	closed chan struct{} // closed by Close
	now    atomic.Pointer[state]
}

// state is never changed.
type state struct {
	file      *config.File // as it was read
	overrides overrides
	running   *config.File // file with overrides
	version   admin.ConfigVersion
}

// New returns a Machine of what runs already.
func New(o Options) *Machine {
	m := &Machine{o: o, turn: make(chan struct{}, 1), closed: make(chan struct{})}
	m.put(&state{file: o.File, running: o.File, version: admin.ConfigVersion{Path: o.File.Path, Number: 1, LoadedAt: time.Now()}})
	return m
}

// put makes s what runs.
func (m *Machine) put(s *state) {
	s.version.Digest = s.running.Digest()
	s.version.Override = len(s.running.Changes(s.file)) > 0
	m.now.Store(s)
	if m.o.Told != nil {
		m.o.Told(s.version)
	}
}

// Version returns which configuration runs, and why another one does not. It does not
// block.
func (m *Machine) Version() admin.ConfigVersion { return m.now.Load().version }

// Running returns the configuration that runs, overrides included. It holds secrets and
// is not to be changed. It does not block.
func (m *Machine) Running() *config.File { return m.now.Load().running }

// Now returns the configuration that runs and its version, of the same moment. It does not
// block.
func (m *Machine) Now() (*config.File, admin.ConfigVersion) {
	s := m.now.Load()
	return s.running, s.version
}

// Close ends all changes: it waits for the one that is under way, until ctx ends, and
// others fail from now on. It is called once.
func (m *Machine) Close(ctx context.Context) {
	close(m.closed)
	select {
	case m.turn <- struct{}{}: // for ever
	case <-ctx.Done():
	}
}

// begin waits for the turn to change something. The caller calls done.
func (m *Machine) begin(ctx context.Context) (done func(), err error) {
	select {
	case m.turn <- struct{}{}:
	case <-m.closed:
		return nil, ErrClosed
	case <-ctx.Done():
		return nil, fmt.Errorf("another change is under way: %w", context.Cause(ctx))
	}
	done = func() { <-m.turn }
	select {
	case <-m.closed:
		done()
		return nil, ErrClosed
	default:
		return done, nil
	}
}

// Reload reads the file again and puts it into force. A dry run only says what would
// happen. It waits for other changes until ctx ends, and then for what Apply takes.
func (m *Machine) Reload(ctx context.Context, dryRun bool) admin.Reload {
	done, err := m.begin(ctx)
	if err != nil {
		return admin.Reload{Config: m.Version(), Errors: []string{err.Error()}}
	}
	defer done()
	c := m.candidate()
	switch {
	case len(c.faults) > 0:
	case dryRun:
		c.check()
	default:
		c.apply(ctx)
	}
	if !dryRun {
		m.settle(c)
	}
	return admin.Reload{Applied: !dryRun && len(c.faults) == 0, Config: m.Version(), Changes: shown(c.changes), Errors: c.faults}
}

// settle makes a candidate what runs, or notes why it is not.
func (m *Machine) settle(c *candidate) {
	next := *m.now.Load()
	next.version.Failed = strings.Join(c.faults, "\n")
	if len(c.faults) == 0 {
		next.file, next.running, next.overrides = c.file, c.file, overrides{}
		if len(c.changes) > 0 {
			next.version.Number++
			next.version.LoadedAt = time.Now()
		}
	}
	m.put(&next)
}

// Set changes settings of a provider, or with "" of all, until the next reload.
func (m *Machine) Set(ctx context.Context, provider string, s admin.Settings) error {
	done, err := m.begin(ctx)
	if err != nil {
		return err
	}
	defer done()
	now := m.now.Load()
	next := *now
	if next.overrides, err = now.overrides.with(now.file, provider, s); err != nil {
		return err
	}
	next.running = next.overrides.over(now.file)
	if err := m.o.Apply(ctx, now.running, next.running); err != nil {
		return err
	}
	m.put(&next)
	return nil
}
