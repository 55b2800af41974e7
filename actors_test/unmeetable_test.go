package actors_test

import (
	"context"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"bifrost/schemas"
)

func TestADeadlineThatCannotBeMetIsRefusedAtOnceForWhoAsksForIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newProvider(after(time.Second))
		client := startClient(t, p, sizes(1, 100))
		var asking sync.WaitGroup
		for range 30 {
			asking.Go(func() {
				if err := ask(t.Context(), client); err != nil {
					t.Error(err)
				}
			})
		}
		time.Sleep(12500 * time.Millisecond) // 12 are done, 17 are queued
		within := func(d time.Duration, check schemas.DeadlineCheck) (took time.Duration, err error) {
			ctx, cancel := context.WithTimeout(schemas.WithDeadlineCheck(t.Context(), check), d)
			defer cancel()
			began := time.Now()
			err = ask(ctx, client)
			return time.Since(began), err
		}
		took, err := within(10*time.Second, schemas.CheckDeadline)
		e, letter := errorOf(t, err), deadLetterOf(t, err)
		if took != 0 || e.Kind != schemas.KindOverloaded || e.Reason != schemas.ReasonDeadlineUnmeetable || letter.Hopeless || letter.Queued != 17 || e.RetryAfter < time.Second {
			t.Errorf("after %v got %v, %+v", took, err, letter)
		}
		took, err = within(300*time.Millisecond, schemas.CheckBeginning)
		if took != 0 || !deadLetterOf(t, err).Hopeless {
			t.Errorf("after %v got %v", took, err)
		}
		took, err = within(5*time.Second, schemas.NoDeadlineCheck)
		if took != 5*time.Second || errorOf(t, err).Kind != schemas.KindTimeout {
			t.Errorf("unchecked: after %v got %v", took, err)
		}
		if took, err = within(14*time.Second, schemas.CheckDeadline); err != nil || took != 13500*time.Millisecond {
			t.Errorf("in time: after %v got %v", took, err)
		}
		asking.Wait()
		atRest(t, client)
		if s := stats(client); s.Refused[schemas.ReasonDeadlineUnmeetable] != 2 || p.Calls() != 31 || s.Offered != 34 {
			t.Errorf("%d calls; counted are %+v", p.Calls(), s)
		}
	})
}
