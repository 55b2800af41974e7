package gateway

import (
	"net/http"
	"time"

	"bifrost/internal/dialect"
	"bifrost/schemas"
)

// enter counts the request as in flight of its client, until the exchange ends.
func (x *exchange) enter() error {
	if x.member == nil {
		return nil
	}
	err := x.member.account.enter(x.r.Context())
	x.entered = err == nil
	return err
}

// take counts the request against its client's requests per minute. It is about to be
// sent on.
func (x *exchange) take() error {
	if x.member == nil {
		return nil
	}
	err := x.member.account.take(time.Now())
	x.taken = err == nil
	return err
}

// giveBack uncounts a request that is refused here, before it has reached a provider.
func (x *exchange) giveBack(header http.Header, err error) {
	if x.taken && header.Get(headerOrigin) == originGateway && !dialect.Canonical(err).MayHaveStarted {
		x.taken = false
		x.member.account.giveBack(time.Now())
	}
}

// forbidden counts a refusal if it is for what the client may not use.
func (x *exchange) forbidden(header http.Header) {
	if x.member != nil && header.Get(headerOrigin) == originGateway && header.Get(headerCode) == string(schemas.ReasonNotPermitted) {
		x.member.account.forbid()
	}
}

// settle ends what the request has begun at its client's account. The tokens of its
// answer are known by now.
func (x *exchange) settle() {
	if x.member == nil {
		return
	}
	in, out := x.tokens()
	if x.left() { // else who cuts each stream before its provider has counted has no limit
		out = max(out, x.events)
	}
	if in+out > 0 {
		x.member.account.charge(in+out, time.Now())
	}
	if x.entered {
		x.entered = false
		x.member.account.leave()
	}
}

// tokens returns what the provider has counted of the request; 0 if it has said nothing.
func (x *exchange) tokens() (in, out int) {
	if x.answered == nil {
		return 0, 0
	}
	u := x.answered.Usage()
	if u == nil {
		return 0, 0
	}
	return max(u.PromptTokens, 0), max(u.CompletionTokens, 0)
}
