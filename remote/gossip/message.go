package gossip

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"google.golang.org/protobuf/proto"

	"bifrost/remote/bifrostv1"
)

// All messages are bifrost.v1.Heartbeats: what memberlist keeps with each member has
// run and version; a broadcast has run and leaving, or run, sequence and some
// providers. A receiver knows by the run whose it is.

const (
	// maxMessage keeps a broadcast in one UDP packet of 1,400 bytes, with room for
	// encryption and memberlist's own.
	maxMessage = 1000

	// maxState bounds what is taken from one exchange over TCP.
	maxState = 256 << 10

	maxProvider  = 128  // bytes of a provider's name
	maxProviders = 1024 // of one node
)

// facts are what a member says of itself.
type facts struct {
	run, version string
}

func (f facts) encode() []byte {
	// Marshal fails only on text that is not UTF-8, which then has no encoding.
	encoded, _ := proto.Marshal(&bifrostv1.Heartbeat{Run: f.run, Version: f.version})
	return encoded
}

func decodeFacts(data []byte) (facts, error) {
	var m bifrostv1.Heartbeat
	if err := proto.Unmarshal(data, &m); err != nil {
		return facts{}, errors.New("what a member says of itself cannot be read")
	}
	if err := checkRun(m.GetRun()); err != nil {
		return facts{}, err
	}
	version := m.GetVersion()
	if len(version) > maxText {
		version = strings.ToValidUTF8(version[:maxText], "")
	}
	return facts{run: m.GetRun(), version: version}, nil
}

// A report is what one message says of a node.
type report struct {
	run      string
	leaving  bool
	sequence uint64
	loads    []Load
}

// goodbye is the message of a run that leaves.
func goodbye(run string) []byte {
	encoded, _ := proto.Marshal(&bifrostv1.Heartbeat{Run: run, Leaving: true})
	return encoded
}

// encode returns the loads as messages of at most limit bytes.
func (r report) encode(limit int) []broadcast {
	var messages []broadcast
	for rest := r.loads; len(rest) > 0; {
		m := &bifrostv1.Heartbeat{Run: r.run, Sequence: r.sequence}
		size := proto.Size(m)
		n := 0
		for ; n < len(rest); n++ {
			p := &bifrostv1.Provider{Name: rest[n].Provider, Free: rest[n].Free, Capacity: rest[n].Capacity}
			size += proto.Size(p) + 3 // its tag and length
			if n > 0 && size > limit {
				break
			}
			m.Providers = append(m.Providers, p)
		}
		if encoded, err := proto.Marshal(m); err == nil {
			messages = append(messages, broadcast{name: r.run + "/" + rest[0].Provider, data: encoded})
		}
		rest = rest[n:]
	}
	return messages
}

func decodeReport(data []byte) (report, error) {
	if len(data) > maxState {
		return report{}, fmt.Errorf("a report of loads has %d bytes, and %d are allowed", len(data), maxState)
	}
	var m bifrostv1.Heartbeat
	if err := proto.Unmarshal(data, &m); err != nil {
		return report{}, errors.New("a report of loads cannot be read")
	}
	if err := checkRun(m.GetRun()); err != nil {
		return report{}, err
	}
	if len(m.GetProviders()) > maxProviders {
		return report{}, fmt.Errorf("a report has %d providers, and %d are allowed", len(m.GetProviders()), maxProviders)
	}
	r := report{run: m.GetRun(), leaving: m.GetLeaving(), sequence: m.GetSequence(), loads: make([]Load, 0, len(m.GetProviders()))}
	for _, p := range m.GetProviders() {
		load := Load{Provider: p.GetName(), Free: p.GetFree(), Capacity: p.GetCapacity()}
		if err := load.check(); err != nil {
			return report{}, err
		}
		r.loads = append(r.loads, load)
	}
	return r, nil
}

func (l Load) check() error {
	if l.Provider == "" || len(l.Provider) > maxProvider {
		return fmt.Errorf("a provider's name has %d bytes; 1 to %d are allowed", len(l.Provider), maxProvider)
	}
	if !utf8.ValidString(l.Provider) {
		return errors.New("a provider's name is not UTF-8")
	}
	if l.Free < 0 || l.Capacity < 0 {
		return errors.New("a load has a negative number; free and capacity count from 0")
	}
	return nil
}

func checkRun(run string) error {
	if run == "" || len(run) > maxText {
		return fmt.Errorf("a run's id has %d bytes; 1 to %d are allowed", len(run), maxText)
	}
	return nil
}

// tidy returns the loads' own copy: sorted by name, each name once, none that the
// others would refuse.
func tidy(loads []Load) []Load {
	kept := make([]Load, 0, len(loads))
	for _, l := range loads {
		l.Free, l.Capacity = max(l.Free, 0), max(l.Capacity, 0)
		if l.check() == nil {
			kept = append(kept, l)
		}
	}
	slices.SortStableFunc(kept, byProvider)
	kept = slices.CompactFunc(kept, func(a, b Load) bool { return a.Provider == b.Provider })
	return kept[:min(len(kept), maxProviders)]
}
