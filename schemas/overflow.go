package schemas

import "fmt"

// Overflow is where a request goes whose provider has no place for it.
type Overflow string

// OverflowSpill sends a request that finds the mailbox full to the provider of the same
// name on another node, one that has room by what it said last: the better of two at
// random. A request is sent on once, and never by a node that it was sent on to. If none
// has room, or the other node refuses it, it waits or is refused here.
const OverflowSpill Overflow = "spill"

func (o Overflow) validate() error {
	if o == "" || o == OverflowSpill {
		return nil
	}
	return fmt.Errorf("overflow is %q; it may be %q, or is left out", string(o), string(OverflowSpill))
}
