package remote

import (
	"bifrost/remote/codec"
	"bifrost/schemas"
)

// refusals answers the calls that were refused on a connection's reader, which must not
// wait for a way back. A flood of refused calls beyond its length gets no answer.
type refusals struct{ waiting chan refusal }

type refusal struct {
	call *served
	why  *schemas.Error
}

func newRefusals() *refusals { return &refusals{waiting: make(chan refusal, 1024)} }

func (r *refusals) put(one refusal) {
	select {
	case r.waiting <- one:
	default:
	}
}

// run answers until the node ends.
func (r *refusals) run(n *Node) {
	for {
		select {
		case <-n.ctx.Done():
			return
		case one := <-r.waiting:
			s := one.call
			one.why.Provider, one.why.Model = s.req.Provider, s.req.Model
			m := codec.EncodeError(one.why)
			setCall(m, s.key.call)
			if s.isLocal() {
				n.system.Root.Send(s.sender, m)
			} else if p := n.known(s.key.address); p != nil {
				if l := p.current(); l != nil {
					l.post(s.sender, m)
				}
			}
		}
	}
}
