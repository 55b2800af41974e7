package gossip

import (
	"errors"
	"math/rand/v2"
	"slices"
	"time"
)

const (
	seekInterval = 3 * time.Second
	seekAtOnce   = 16 // addresses that are tried in one round
)

// seek joins the seeds that are not members, and members that were lost: after a
// partition, two halves that have forgotten each other find together only so.
func (m *Members) seek() {
	timer := time.NewTimer(0)
	defer timer.Stop()
	alone := false
	for {
		select {
		case <-m.ctx.Done():
			return
		case <-timer.C:
		case <-m.seeded:
		}
		err := m.joinMissing()
		if m.ctx.Err() != nil {
			return
		}
		switch isAlone := err != nil && m.delegate.table.count() == 0; {
		case isAlone && !alone:
			m.log.Warn().Err(err).Msg("no other member answers; the addresses are tried again every few seconds")
			alone = true
		case !isAlone && alone:
			m.log.Info().Msg("this node is no longer alone")
			alone = false
		}
		timer.Reset(seekInterval - seekInterval/10 + rand.N(seekInterval/5))
	}
}

// joinMissing returns an error if nobody could be joined of those that were tried.
func (m *Members) joinMissing() error {
	targets, err := m.missing()
	if len(targets) == 0 {
		return err
	}
	rand.Shuffle(len(targets), func(i, j int) { targets[i], targets[j] = targets[j], targets[i] })
	var faults []error
	joined := false
	for _, target := range targets[:min(len(targets), seekAtOnce)] {
		if m.ctx.Err() != nil {
			break
		}
		if slices.Contains(m.delegate.table.gossips(Alive), target) {
			continue // one that was joined before has told of it
		}
		if _, err := m.list.Join([]string{target}); err != nil {
			faults = append(faults, err)
			continue
		}
		joined = true
	}
	if joined {
		return nil
	}
	return errors.Join(faults...)
}

// missing returns the addresses at which there may be a node that is no member here.
func (m *Members) missing() ([]string, error) {
	m.mu.Lock()
	seeds := m.seeds
	m.mu.Unlock()
	there := append(m.delegate.table.gossips(Alive), m.gossip)
	targets := m.delegate.table.gossips(Lost)
	var faults []error
	for _, seed := range seeds {
		found, err := lookUp(m.ctx, seed)
		if err != nil {
			faults = append(faults, err)
			continue
		}
		for _, address := range found {
			targets = append(targets, address.String())
		}
	}
	slices.Sort(targets)
	targets = slices.DeleteFunc(slices.Compact(targets), func(a string) bool { return slices.Contains(there, a) })
	return targets, errors.Join(faults...)
}
