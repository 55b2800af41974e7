package demo

import (
	"maps"
	"sync"
)

// maxCodes bounds how many codes are told apart; the gateway has fewer.
const maxCodes = 50

// Counts says what became of a Load's requests. At every moment
//
//	Sent = InFlight + Answered + Refused + Failed + Left + Cut
type Counts struct {
	Sent     uint64
	InFlight int
	Answered uint64
	Refused  uint64 // by the gateway
	Failed   uint64 // by the provider, or broken off
	Left     uint64 // a time limit was over: the caller's, or that of the provider's first byte
	Cut      uint64 // under way when the load ended

	Held  uint64            // not sent, since too many were under way
	Codes map[string]uint64 // refusals, failures and callers that left, by the gateway's code
}

// counts is safe for concurrent use.
type counts struct {
	mu  sync.Mutex
	now Counts
}

func (c *counts) held() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now.Held++
}

func (c *counts) sent() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now.Sent++
	c.now.InFlight++
}

func (c *counts) ended(o outcome) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now.InFlight--
	switch o.kind {
	case answered:
		c.now.Answered++
	case refused:
		c.now.Refused++
	case failed:
		c.now.Failed++
	case left:
		c.now.Left++
	case cut:
		c.now.Cut++
	}
	if o.code == "" {
		return
	}
	if c.now.Codes == nil {
		c.now.Codes = map[string]uint64{}
	}
	if _, known := c.now.Codes[o.code]; known || len(c.now.Codes) < maxCodes {
		c.now.Codes[o.code]++
	}
}

// Counts returns one consistent snapshot, which is the caller's.
func (l *Load) Counts() Counts {
	l.counts.mu.Lock()
	defer l.counts.mu.Unlock()
	out := l.counts.now
	out.Codes = maps.Clone(out.Codes)
	return out
}
