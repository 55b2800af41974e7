package actors_test

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"bifrost"
	"bifrost/schemas"
)

// The sizes of the exactness test: 110 of 2,000 have a worker or a place.
const (
	exactCallers  = 2000
	exactAdmitted = 10 + 100
	exactClients  = 100
	exactRounds   = 10 // with each client: the first one meets its workers cold
)

// Concurrency 10, buffer 100 and 2,000 callers at once in drop mode, while the
// provider holds every answer until all 2,000 were offered: exactly 110 are
// admitted and 1,890 are dead letters, whatever the scheduler does, 1,000 times
// in a row; 100 times with -short.
func TestTwoThousandCallersAreAdmittedExactlyAThousandTimesInARow(t *testing.T) {
	clients := exactClients
	if testing.Short() {
		clients /= 10
	}
	for i := range clients {
		synctest.Test(t, exactlyInEveryRound)
		if t.Failed() {
			t.Fatalf("with client %d of %d", i+1, clients)
		}
	}
}

func exactlyInEveryRound(t *testing.T) {
	upstream := &gated{}
	p := newProvider(upstream.call)
	client := startClient(t, p, sizes(10, 100), dropExcess)
	var tries [exactRounds]try
	for i := range tries {
		tries[i].start = make(chan struct{})
	}
	req := chat() // one for all: 2,000,000 of them would be most of the test's work
	var callers sync.WaitGroup
	for range exactCallers {
		callers.Go(func() {
			for i := range tries {
				<-tries[i].start
				tries[i].one(client, req)
			}
		})
	}
	for i := range tries {
		tries[i].check(t, client, p, upstream, i)
	}
	callers.Wait()
	if p.Peak() != 10 || p.Calls() != exactAdmitted*exactRounds {
		t.Errorf("the provider saw %d at once and %d calls; want 10 and %d", p.Peak(), p.Calls(), exactAdmitted*exactRounds)
	}
	atRest(t, client)
}

// gated holds every answer until the gate of the round is opened.
type gated struct{ gate atomic.Pointer[chan struct{}] }

func (g *gated) call(ctx context.Context, a *schemas.Attempt) (*schemas.Response, error) {
	return heldBy(*g.gate.Load())(ctx, a)
}

// try is one round: 2,000 requests at once.
type try struct {
	start                    chan struct{}
	answered, dropped, other atomic.Int64
}

// one is one caller's part.
func (r *try) one(client *bifrost.Client, req *schemas.ChatRequest) {
	_, err := client.ChatCompletionRequest(context.Background(), req)
	var letter *schemas.DeadLetter
	switch {
	case err == nil:
		r.answered.Add(1)
	case errors.As(err, &letter) && letter.Reason == schemas.ReasonQueueFull:
		r.dropped.Add(1)
	default:
		r.other.Add(1)
	}
}

func (r *try) check(t *testing.T, client *bifrost.Client, p *scripted, upstream *gated, round int) {
	gate := make(chan struct{})
	upstream.gate.Store(&gate)
	close(r.start)
	synctest.Wait() // all are offered, and the provider has answered nobody
	s := stats(client)
	if offered := (round + 1) * exactCallers; s.Offered != uint64(offered) || s.InHand != 10 || s.Queued != 100 || p.Open() != 10 {
		t.Errorf("round %d: %d offered, %d in hand, %d queued, %d open; want %d, 10, 100, 10",
			round, s.Offered, s.InHand, s.Queued, p.Open(), offered)
	}
	r.want(t, round, 0)
	close(gate)
	synctest.Wait()
	r.want(t, round, exactAdmitted)
	s = stats(client)
	if admitted := exactAdmitted * (round + 1); s.Completed != uint64(admitted) ||
		s.Refused[schemas.ReasonQueueFull] != uint64((exactCallers-exactAdmitted)*(round+1)) {
		t.Errorf("round %d: %d completed, want %d; refused %v", round, s.Completed, admitted, s.Refused)
	}
	checkSnapshot(t, providerName, s)
}

func (r *try) want(t *testing.T, round, answered int) {
	t.Helper()
	if a, d, o := r.answered.Load(), r.dropped.Load(), r.other.Load(); a != int64(answered) || d != exactCallers-exactAdmitted || o != 0 {
		t.Errorf("round %d: %d answered, %d dropped, %d neither; want %d, %d, 0", round, a, d, o, answered, exactCallers-exactAdmitted)
	}
}
