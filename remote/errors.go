package remote

import "bifrost/schemas"

// reasonUnsendable is why a request was refused that no message can be made of.
const reasonUnsendable schemas.Reason = "unsendable"

// lostError is the answer of the calls that were with a peer when it was lost.
func lostError(address, why string) *schemas.Error {
	return &schemas.Error{Kind: schemas.KindNodeLost, MayHaveStarted: true,
		Message: "node " + address + " was lost: " + why + "; the call may have reached the provider, and is not repeated"}
}

// errOverrun is the answer of a call whose peer sends more than it was granted.
func errOverrun(address string) *schemas.Error {
	return &schemas.Error{Kind: schemas.KindUpstream, MayHaveStarted: true,
		Message: "node " + address + " sent more of an answer than it was granted; compare their versions"}
}
