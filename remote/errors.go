package remote

import (
	"fmt"
	"strings"

	"bifrost/schemas"
)

// reasonUnsendable is why a request was refused that no message can be made of.
const reasonUnsendable schemas.Reason = "unsendable"

// lostError is the answer of the calls that were with a peer when it was lost.
func lostError(address, why string) *schemas.Error {
	return &schemas.Error{Kind: schemas.KindNodeLost, MayHaveStarted: true,
		Message: "the node that the call was with was lost: " + why + mayHaveStarted, Err: atNode(address, nil)}
}

// atNode is the cause of an error that another node is part of. Its address is for the
// program and its log; what callers of a gateway are told has none.
func atNode(address string, cause error) error {
	if cause == nil {
		return fmt.Errorf("node %s", address)
	}
	return fmt.Errorf("node %s: %w", address, cause)
}

// stoppedError is the answer of the calls that are with a peer when this node stops.
func stoppedError(address string) *schemas.Error {
	return &schemas.Error{Kind: schemas.KindNodeLost, MayHaveStarted: true,
		Message: "this node stops, and gives up its calls with another one" + mayHaveStarted, Err: atNode(address, nil)}
}

const (
	mayHaveStarted = "; the call may have reached the provider, and is not repeated"
	notStarted     = "; the call has not reached the provider"
)

// unsentError is err for a call that was not sent whole, so that nobody has begun it.
func unsentError(err *schemas.Error) *schemas.Error {
	out := *err
	out.MayHaveStarted = false
	if why, ok := strings.CutSuffix(out.Message, mayHaveStarted); ok {
		out.Message = why + notStarted
	}
	return &out
}

// errTooLarge is that a message has so many headers, or so long names, that it would take
// the connection with it.
var errTooLarge = &schemas.Error{Kind: schemas.KindInvalidRequest,
	Message: "what goes beside the body (headers, path, names) does not fit into one message between nodes; shorten it"}

// errOverrun is the answer of a call whose peer sends more than it was granted.
func errOverrun(address string) *schemas.Error {
	return &schemas.Error{Kind: schemas.KindUpstream, MayHaveStarted: true,
		Message: "another node sent more of an answer than it was granted; compare their versions", Err: atNode(address, nil)}
}
