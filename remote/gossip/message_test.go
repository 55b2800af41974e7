package gossip

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"google.golang.org/protobuf/proto"

	"bifrost/remote/bifrostv1"
)

func loadsOfMany(n int) []Load {
	loads := make([]Load, 0, n)
	for i := range n {
		loads = append(loads, Load{Provider: fmt.Sprintf("provider-%04d", i), Free: int64(i), Capacity: 1 << 40})
	}
	return loads
}

func TestAReportIsSplitIntoPacketsAndIsWholeAgain(t *testing.T) {
	for _, n := range []int{0, 1, 3, 40, maxProviders} {
		sent := report{run: strings.Repeat("r", maxText), sequence: 1 << 60, loads: loadsOfMany(n)}
		var got []Load
		names := map[string]bool{}
		for _, part := range sent.encode(maxMessage) {
			if len(part.data) > maxMessage {
				t.Errorf("a message of %d providers has %d bytes", n, len(part.data))
			}
			r, err := decodeReport(part.data)
			if err != nil || r.run != sent.run || r.sequence != sent.sequence || r.name() != part.name || names[part.name] {
				t.Fatalf("got the part %q of run %q, sequence %d, error %v", part.name, r.run, r.sequence, err)
			}
			names[part.name] = true
			got = append(got, r.loads...)
		}
		if !slices.Equal(got, sent.loads) {
			t.Errorf("of %d providers %d came, or others", n, len(got))
		}
	}
}

func TestAllLoadsFitIntoOneExchange(t *testing.T) {
	loads := loadsOfMany(maxProviders)
	for i := range loads {
		loads[i].Provider = fmt.Sprintf("%0*d", maxProvider, i)
		loads[i].Free, loads[i].Capacity = 1<<62, 1<<62
	}
	if parts := (report{run: strings.Repeat("r", maxText), sequence: 1 << 63, loads: loads}).encode(maxState); len(parts) != 1 {
		t.Errorf("they need %d messages", len(parts))
	}
}

func TestAGoodbyeAndFactsComeAsTheyWent(t *testing.T) {
	r, err := decodeReport(goodbye("r1"))
	if err != nil || !r.leaving || r.run != "r1" || r.name() != "r1" {
		t.Errorf("got %+v, %v", r, err)
	}
	f := facts{run: strings.Repeat("r", maxText), version: strings.Repeat("v", maxText)}
	if got, err := decodeFacts(f.encode()); err != nil || got != f || len(f.encode()) > 512 {
		t.Errorf("got %+v, %v; %d bytes, and memberlist has room for 512", got, err, len(f.encode()))
	}
	long := facts{run: "r", version: strings.Repeat("é", maxText)}
	if got, err := decodeFacts(long.encode()); err != nil || len(got.version) > maxText {
		t.Errorf("a newer node's long version is refused: %v", err)
	}
}

func TestWhatCannotBeIsRefused(t *testing.T) {
	many := &bifrostv1.Heartbeat{Run: "r"}
	for i := range maxProviders + 1 {
		many.Providers = append(many.Providers, &bifrostv1.Provider{Name: fmt.Sprint(i)})
	}
	for name, m := range map[string]*bifrostv1.Heartbeat{
		"no run":        {},
		"long run":      {Run: strings.Repeat("r", maxText+1)},
		"no name":       {Run: "r", Providers: []*bifrostv1.Provider{{}}},
		"long name":     {Run: "r", Providers: []*bifrostv1.Provider{{Name: strings.Repeat("p", maxProvider+1)}}},
		"negative free": {Run: "r", Providers: []*bifrostv1.Provider{{Name: "p", Free: -1}}},
		"too many":      many,
	} {
		data, err := proto.Marshal(m)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := decodeReport(data); err == nil {
			t.Errorf("%s: it is taken", name)
		}
	}
	if _, err := decodeReport(make([]byte, maxState+1)); err == nil {
		t.Error("a message over the limit is taken")
	}
}

func TestOwnLoadsAreMadeSuchThatOthersTakeThem(t *testing.T) {
	got := tidy([]Load{{"b", 1, 2}, {"", 1, 1}, {"a", -5, 9}, {"b", 3, 3}, {"\xff", 1, 1}, {strings.Repeat("x", 999), 1, 1}})
	if !slices.Equal(got, []Load{{"a", 0, 9}, {"b", 1, 2}}) {
		t.Errorf("got %v", got)
	}
	if n := len(tidy(loadsOfMany(maxProviders + 5))); n != maxProviders {
		t.Errorf("got %d providers", n)
	}
}

func FuzzDecodeReport(f *testing.F) {
	f.Add(goodbye("r1"))
	for _, part := range (report{run: "r1", sequence: 5, loads: loadsOfMany(3)}).encode(maxMessage) {
		f.Add(part.data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		r, err := decodeReport(data)
		if err != nil {
			return
		}
		tab, _ := newTestTable()
		tab.alive("a:1", "127.0.0.1:1", facts{run: r.run})
		if len(r.loads) > 0 {
			tab.report(r)
			_ = r.name()
		}
		for _, part := range r.encode(maxMessage) {
			if _, err := decodeReport(part.data); err != nil {
				t.Fatalf("what was taken is refused when passed on: %v", err)
			}
		}
		tab.list()
	})
}

func FuzzDecodeFacts(f *testing.F) {
	f.Add(facts{run: "r1", version: "1.2.3"}.encode())
	f.Fuzz(func(t *testing.T, data []byte) {
		got, err := decodeFacts(data)
		if err != nil {
			return
		}
		if again, err := decodeFacts(got.encode()); err != nil || again != got {
			t.Fatalf("%+v comes back as %+v, %v", got, again, err)
		}
	})
}

func BenchmarkReport(b *testing.B) {
	own := report{run: "0123456789abcdef", sequence: 1, loads: loadsOfMany(10)}
	tab, _ := newTestTable()
	tab.alive("a:1", "127.0.0.1:1", facts{run: own.run})
	b.ReportAllocs()
	for b.Loop() {
		own.sequence++
		for _, part := range own.encode(maxMessage) {
			r, err := decodeReport(part.data)
			if err != nil || !tab.report(r) {
				b.Fatal("a report was not taken")
			}
		}
	}
}

func BenchmarkListOfAHundredMembers(b *testing.B) {
	tab, _ := newTestTable()
	for i := range 100 {
		run := fmt.Sprint(i)
		tab.alive(run+":1", "127.0.0.1:1", facts{run: run})
		tab.report(report{run: run, sequence: 1, loads: loadsOfMany(10)})
	}
	b.ReportAllocs()
	for b.Loop() {
		if len(tab.list()) != 100 {
			b.Fatal("members are missing")
		}
	}
}
