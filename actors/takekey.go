package actors

import (
	"container/list"
	"context"
	"slices"
	"time"

	"bifrost/mailbox"
	"bifrost/schemas"
)

// errKeysFull says that every key that could be used is in full use.
var errKeysFull = &schemas.Error{Kind: schemas.KindOverloaded, Reason: schemas.ReasonClusterLimit}

// errKeysGone says that the keys that were waited for are there no more, and others may be.
var errKeysGone = &schemas.Error{Kind: schemas.KindOverloaded, Reason: schemas.ReasonClusterLimit}

// takeKey chooses the attempt's key, with a slot of it if it has a limit of its own. It
// blocks while all keys are in full use, until ctx ends. It returns -1 if the provider has
// no keys and needs none.
func (w *worker) takeKey(ctx context.Context, s *settings, c *call) (int, *schemas.Error) {
	req := c.req
	session := ""
	if len(s.keys.keys) > 1 {
		session = schemas.SessionOf(c.ctx)
	}
	for {
		key, err := s.keys.take(req.Model, session, time.Now())
		if err == errKeysFull {
			var again bool
			if key, again = s.keys.await(ctx, req.Model); again && key < 0 {
				continue
			}
			switch {
			case key >= 0:
				err = nil
			case ctx.Err() == nil && s.keys.isRetired() && w.router.settings.peek() != s:
				return -1, errKeysGone
			case ctx.Err() == nil:
				return -1, w.router.refuseInHand(req)
			default:
				err = ended(ctx, req)
			}
		}
		if err == nil && key < 0 && !s.info.KeyOptional {
			err = &schemas.Error{Kind: schemas.KindInvalidRequest, Message: "the provider has no keys; add one to its configuration"}
		}
		if err != nil {
			named := *err
			named.Provider, named.Model = w.router.name, req.Model
			return -1, &named
		}
		if key >= 0 {
			w.slots = s.keys.own[key]
		}
		return key, nil
	}
}

// refuseInHand is the answer to a call that may not wait for a slot any longer.
func (r *Router) refuseInHand(req *schemas.Request) *schemas.Error {
	s := r.mb.Stats()
	f := newRefused(r.process.pid, r.name, req.Model, mailbox.Refusal{Reason: schemas.ReasonClusterLimit, Capacity: s.BufferSize,
		Queued: s.Queued, InHand: s.InHand, Waiting: s.Waiting, RetryAfter: time.Second})
	r.sys.letters.publish(&f.event)
	return &f.err
}

// take is pick for an attempt, among the keys that have a free slot, which it takes. If
// there are keys and all of them are in full use, the error is errKeysFull.
func (k *keyring) take(model, session string, now time.Time) (int, *schemas.Error) {
	for {
		i, err := k.pickOf(model, session, now, func(i int) bool { return k.own[i] == nil || k.own[i].hasFree() })
		if err != nil || i < 0 || k.own[i] == nil || k.own[i].take() {
			return i, err
		}
		// Somebody has taken the last one meanwhile.
	}
}

// await blocks until a key that serves the model has a slot for the caller, and returns
// the key. It is -1 if the caller should look again: a key has come back, or begun to
// rest. ok is false if ctx has ended, or if nobody may wait for any of the keys.
func (k *keyring) await(ctx context.Context, model string) (key int, ok bool) {
	t := newTurn()
	places, back := k.queue(t, model)
	if len(places) == 0 { // unless one has come back in this moment
		return -1, !back.IsZero() && !back.After(time.Now())
	}
	defer func() {
		for i, e := range places {
			k.own[i].leave(e)
		}
	}()
	var rested <-chan time.Time
	if !back.IsZero() {
		timer := time.NewTimer(max(time.Until(back), time.Millisecond))
		defer timer.Stop()
		rested = timer.C
	}
	select {
	case <-t.done:
	case <-ctx.Done():
		ok = false
	case <-rested:
		ok = true
	}
	if t.end(nil) {
		return -1, ok
	}
	<-t.done // and the slot is the caller's
	if t.slots == nil {
		return -1, true
	}
	key = slices.Index(k.own, t.slots)
	if ctx.Err() != nil || k.rest[key].until(model).After(time.Now()) {
		t.slots.release()
		return -1, ctx.Err() == nil
	}
	return key, true
}

// queue lets t wait for each key that could be used if it had a free slot. back is when
// the first of those comes back that rest; zero if none does.
func (k *keyring) queue(t *turn, model string) (places map[int]*list.Element, back time.Time) {
	places = make(map[int]*list.Element)
	now := time.Now()
	for i := range k.keys {
		if !k.keys[i].Serves(model) {
			continue
		}
		until := k.rest[i].until(model)
		switch {
		case until.After(now):
			if back.IsZero() || until.Before(back) {
				back = until
			}
		case k.own[i] == nil: // it has just come back
			back = now
		default:
			if e := k.own[i].queue(t); e != nil {
				places[i] = e
			}
		}
	}
	return places, back
}
