package discovery

import (
	"context"
	"errors"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/rs/zerolog"
)

// A poller turns look-ups into the updates of a Source. Its fields below the line
// are touched only by run's goroutine.
type poller struct {
	lookup            func(context.Context) ([]string, error)
	interval, timeout time.Duration
	log               zerolog.Logger

	list   []string // the last one that was reported; nil before the first
	denied int      // answers of "no such name" in a row
	failed int      // look-ups without an answer in a row
}

func (p *poller) run(ctx context.Context, update func([]string)) {
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-timer.C:
		}
		list, ok := p.once(ctx)
		if ctx.Err() != nil {
			return
		}
		if ok && (p.list == nil || !slices.Equal(list, p.list)) {
			p.log.Info().Int("addresses", len(list)).Int("before", len(p.list)).Msg("the list of peers has changed")
			p.list = list
			update(slices.Clone(list))
		}
		timer.Reset(p.pause())
	}
}

// once returns what is known after one more look-up; not ok means nothing new.
func (p *poller) once(ctx context.Context) (list []string, ok bool) {
	ctx, cancel := context.WithTimeout(ctx, p.timeout)
	defer cancel()
	addresses, err := p.lookup(ctx)
	switch {
	case err == nil && len(addresses) > 0, errors.Is(err, errNone):
		p.denied = 0
		p.answered()
		return normal(addresses), true
	case err == nil, isNotFound(err):
		p.denied++
		p.answered()
		return []string{}, p.list == nil || p.denied >= believedAfter
	case ctx.Err() != nil && !errors.Is(ctx.Err(), context.DeadlineExceeded):
		return nil, false // the source is ending
	}
	// A silent server in between says nothing for or against an earlier answer.
	p.failed++
	if p.failed == 1 {
		p.log.Warn().Err(err).Int("addresses", len(p.list)).
			Msg("peers could not be looked up; the last list holds, and the look-up is repeated")
	}
	return nil, false
}

func (p *poller) answered() {
	if p.failed > 0 {
		p.log.Info().Int("failed", p.failed).Msg("peers can be looked up again")
	}
	p.failed = 0
}

// pause is the time until the next look-up.
func (p *poller) pause() time.Duration {
	return jittered(backoff(p.interval, max(p.interval, maxPause), p.failed))
}

// backoff doubles from first with each failure after the first one, up to most.
func backoff(first, most time.Duration, failures int) time.Duration {
	pause := first
	for range min(failures-1, 62) {
		if pause >= most/2 {
			return most
		}
		pause *= 2
	}
	return pause
}

// jittered is a tenth more or less.
func jittered(d time.Duration) time.Duration {
	return d - d/10 + rand.N(d/5+1)
}
