package gossip

import (
	"fmt"
	"testing"
	"time"
)

// A clock is moved by hand.
type clock struct{ at time.Time }

func (c *clock) now() time.Time { return c.at }

func newTestTable() (*table, *clock) {
	c := &clock{at: time.Unix(1_000_000, 0)}
	return newTable("self:1", c.now), c
}

func only(t *testing.T, tab *table) Member {
	t.Helper()
	list := tab.list()
	if len(list) != 1 {
		t.Fatalf("the list has %d members, want 1: %v", len(list), list)
	}
	return list[0]
}

func TestTheNodeItselfIsNotListed(t *testing.T) {
	tab, _ := newTestTable()
	if tab.alive("self:1", "127.0.0.1:1", facts{run: "r"}) || len(tab.list()) != 0 {
		t.Error("the node lists itself")
	}
}

func TestAMemberIsNewsOnlyWhenSomethingOfItHasChanged(t *testing.T) {
	tab, c := newTestTable()
	f := facts{run: "r1", version: "1"}
	began := c.at
	if !tab.alive("a:1", "127.0.0.1:1", f) || tab.alive("a:1", "127.0.0.1:1", f) {
		t.Error("a member should be news once")
	}
	c.at = c.at.Add(time.Minute)
	if !tab.alive("a:1", "127.0.0.1:1", facts{run: "r1", version: "2"}) || !only(t, tab).Since.Equal(began) {
		t.Error("another version is news, and no other life")
	}
	if !tab.alive("a:1", "127.0.0.1:1", facts{run: "r2", version: "2"}) || !only(t, tab).Since.Equal(c.at) {
		t.Error("another run is another life")
	}
	if !tab.gone("a:1") || tab.gone("a:1") || tab.gone("b:1") {
		t.Error("a loss should be news once, and that of a stranger never")
	}
}

func TestAGoodbyeMakesALossADepartureInEitherOrder(t *testing.T) {
	for _, wordFirst := range []bool{true, false} {
		tab, _ := newTestTable()
		tab.alive("a:1", "127.0.0.1:1", facts{run: "r1"})
		if wordFirst {
			tab.goodbye("r1")
			if only(t, tab).State != Alive {
				t.Error("a member that has said goodbye lives until it is gone")
			}
			tab.gone("a:1")
		} else {
			tab.gone("a:1")
			if only(t, tab).State != Lost {
				t.Error("a member that is gone without a word is lost")
			}
			if isNew, changed := tab.goodbye("r1"); !isNew || !changed {
				t.Error("a goodbye after the loss is news")
			}
		}
		if got := only(t, tab).State; got != Left {
			t.Errorf("word first %v: the member is %v, want left", wordFirst, got)
		}
		tab.alive("a:1", "127.0.0.1:1", facts{run: "r2"})
		tab.gone("a:1")
		if got := only(t, tab).State; got != Lost {
			t.Errorf("the next run has said nothing and is %v, want lost", got)
		}
	}
}

func TestAnOlderReportNeverReplacesANewerOne(t *testing.T) {
	tab, c := newTestTable()
	tab.alive("a:1", "127.0.0.1:1", facts{run: "r1"})
	if !tab.report(report{run: "r1", sequence: 7, loads: []Load{{"p", 3, 10}}}) {
		t.Error("a first report is new")
	}
	c.at = c.at.Add(2 * time.Second)
	for _, sequence := range []uint64{7, 6, 0} {
		if tab.report(report{run: "r1", sequence: sequence, loads: []Load{{"p", 9, 10}}}) {
			t.Errorf("report %d is taken for new after 7", sequence)
		}
	}
	m := only(t, tab)
	if len(m.Load) != 1 || m.Load[0] != (Load{"p", 3, 10}) || m.LoadAge != 2*time.Second {
		t.Errorf("got %v of age %v", m.Load, m.LoadAge)
	}
}

func TestAReportMayComeBeforeItsMemberAndCountsForItsRunOnly(t *testing.T) {
	tab, _ := newTestTable()
	tab.report(report{run: "r1", sequence: 1, loads: []Load{{"p", 3, 10}}})
	tab.alive("a:1", "127.0.0.1:1", facts{run: "r1"})
	if m := only(t, tab); len(m.Load) != 1 {
		t.Error("a report that came first is lost")
	}
	tab.alive("a:1", "127.0.0.1:1", facts{run: "r2"})
	if m := only(t, tab); len(m.Load) != 0 {
		t.Error("the load of an earlier run counts for the next")
	}
	tab.alive("a:1", "127.0.0.1:1", facts{run: "r1"})
	tab.gone("a:1")
	if m := only(t, tab); len(m.Load) != 0 || m.LoadAge != 0 {
		t.Error("a lost member has a load")
	}
}

func TestWhatIsOldIsForgotten(t *testing.T) {
	tab, c := newTestTable()
	tab.alive("a:1", "127.0.0.1:1", facts{run: "r1"})
	tab.alive("b:1", "127.0.0.1:2", facts{run: "r2"})
	tab.report(report{run: "r1", sequence: 1, loads: []Load{{"p", 3, 10}}})
	tab.goodbye("r2")
	tab.gone("b:1")
	c.at = c.at.Add(loadLasts + time.Second)
	if tab.prune() || len(tab.loads) != 0 || len(tab.list()[0].Load) != 0 {
		t.Error("an old load should be forgotten, and nothing else")
	}
	c.at = c.at.Add(leftLasts)
	if !tab.prune() || len(tab.list()) != 1 || len(tab.leaving) != 0 {
		t.Error("one that has left should be forgotten, with its goodbye")
	}
	tab.gone("a:1")
	c.at = c.at.Add(lostLasts)
	if tab.prune() {
		t.Error("one that was lost is forgotten too soon")
	}
	c.at = c.at.Add(time.Second)
	if !tab.prune() || len(tab.list()) != 0 {
		t.Error("one that was lost is never forgotten")
	}
}

func TestWhatATableKeepsIsBounded(t *testing.T) {
	tab, _ := newTestTable()
	for i := range maxRuns + 10 {
		tab.report(report{run: fmt.Sprint(i), sequence: 1, loads: []Load{{"p", 1, 1}}})
		tab.goodbye(fmt.Sprint(i))
	}
	for i := range maxProviders + 10 {
		tab.report(report{run: "0", sequence: 2, loads: []Load{{fmt.Sprint(i), 1, 1}}})
	}
	if len(tab.loads) != maxRuns || len(tab.leaving) != maxRuns || len(tab.loads["0"]) != maxProviders {
		t.Errorf("it keeps %d runs, %d goodbyes and %d providers of a run", len(tab.loads), len(tab.leaving), len(tab.loads["0"]))
	}
}
