package discovery

import (
	"context"
	"errors"
	"testing"
)

// A scripted source reports what the test sends it.
type scripted chan []string

func (s scripted) Run(ctx context.Context, update func([]string)) error {
	for {
		select {
		case <-ctx.Done():
			return nil
		case list := <-s:
			update(list)
		}
	}
}

type failing struct{}

func (failing) Run(context.Context, func([]string)) error { return errors.New("a wrong setting") }

func TestMergedSourcesReportAllThatAnyKnows(t *testing.T) {
	a, b := make(scripted), make(scripted)
	updates := start(t, Merge(a, b, Static{"s:1"}))
	expect(t, updates, "s:1")
	a <- []string{"a:1", "x:1"}
	expect(t, updates, "a:1", "s:1", "x:1")
	b <- []string{"x:1"} // is known
	b <- []string{"b:1", "x:1"}
	expect(t, updates, "a:1", "b:1", "s:1", "x:1")
	a <- nil
	expect(t, updates, "b:1", "s:1", "x:1")
	expectNothing(t, updates)
}

func TestASourceThatFailsEndsThoseItIsMergedWith(t *testing.T) {
	err := Merge(make(scripted), failing{}, Static{}).Run(context.Background(), func([]string) {})
	if err == nil || err.Error() != "a wrong setting" {
		t.Errorf("got %v", err)
	}
}

func TestNothingMergedIsASourceOfNothing(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if err := Merge().Run(ctx, func([]string) { t.Error("there is a list") }); err != nil {
		t.Error(err)
	}
}
