package codec

import (
	"errors"

	"google.golang.org/protobuf/proto"

	"bifrost/remote/bifrostv1"
	"bifrost/schemas"
)

// maxUpstreamBody bounds a provider's own error answer, in bytes, as schemas.UpstreamReply
// says.
const maxUpstreamBody = 64 << 10

// EncodeError returns the message of a failure: a *bifrostv1.DeadLetter if err is a refusal,
// which has a *schemas.DeadLetter, else a *bifrostv1.Error. Of an error of another type, nil
// too, nothing is said but that it is internal, and that the call may have started: its text
// could be anything. Call is the caller's to set. The cause is not sent.
func EncodeError(err error) proto.Message {
	var e *schemas.Error
	var l *schemas.DeadLetter
	switch {
	case errors.As(err, &e):
		if e == nil {
			break
		}
		// The error itself is asked, not what may be joined with it.
		if errors.As(e.Err, &l) && l != nil && e.Kind == kindOfRefusal(l.Reason) {
			return encodeLetter(l, e)
		}
		return encodeError(e)
	case errors.As(err, &l) && l != nil:
		return encodeLetter(l, &schemas.Error{})
	}
	return &bifrostv1.Error{Kind: string(schemas.KindInternal), MayHaveStarted: true,
		Message: "the node's own error has no kind; look for it in the node's log"}
}

func encodeError(e *schemas.Error) *bifrostv1.Error {
	m := &bifrostv1.Error{
		Kind: text(string(e.Kind)), Reason: text(string(e.Reason)),
		Provider: text(e.Provider), Model: text(e.Model), Message: text(e.Message),
		StatusCode: small(e.StatusCode), RetryAfter: encodeDuration(e.RetryAfter),
		QuotaSpent: e.QuotaSpent, MayHaveStarted: e.MayHaveStarted,
	}
	if u := e.Upstream; u != nil {
		m.Upstream = &bifrostv1.Upstream{StatusCode: small(u.StatusCode), Header: encodeHeader(u.Header),
			Body: u.Body[:min(len(u.Body), maxUpstreamBody)], Dialect: text(string(u.Dialect))}
	}
	return m
}

func encodeLetter(l *schemas.DeadLetter, e *schemas.Error) *bifrostv1.DeadLetter {
	return &bifrostv1.DeadLetter{
		Provider: text(l.Provider), Model: text(e.Model), Reason: text(string(l.Reason)), Message: text(e.Message),
		Capacity: int64(l.Capacity), Queued: int64(l.Queued), InHand: int64(l.InHand), Waiting: int64(l.Waiting),
		RetryAfter: encodeDuration(l.RetryAfter), Hopeless: l.Hopeless,
	}
}

// DecodeError returns the error of a message. A kind that this version does not know is
// internal, and a reason that is no plain word is left out: both become labels of counters.
// A negative RetryAfter is 0.
func DecodeError(m *bifrostv1.Error) *schemas.Error {
	e := &schemas.Error{
		Kind: schemas.ErrorKind(m.GetKind()), Reason: reasonOf(m.GetReason()),
		Provider: m.GetProvider(), Model: m.GetModel(), Message: m.GetMessage(),
		StatusCode: int(m.GetStatusCode()), RetryAfter: decodeDuration(m.GetRetryAfter()),
		QuotaSpent: m.GetQuotaSpent(), MayHaveStarted: m.GetMayHaveStarted(),
	}
	if !known(e.Kind) {
		e.Kind = schemas.KindInternal
	}
	if u := m.GetUpstream(); u != nil {
		e.Upstream = &schemas.UpstreamReply{StatusCode: int(u.GetStatusCode()), Header: decodeHeader(u.GetHeader()),
			Body: u.GetBody(), Dialect: schemas.Dialect(u.GetDialect())}
		e.Upstream.Body = e.Upstream.Body[:min(len(e.Upstream.Body), maxUpstreamBody)]
	}
	return e
}

// DecodeDeadLetter returns the refusal of a message: an error of kind overloaded or
// not_found whose cause is the *schemas.DeadLetter. Reason and RetryAfter are as in
// DecodeError.
func DecodeDeadLetter(m *bifrostv1.DeadLetter) *schemas.Error {
	l := &schemas.DeadLetter{
		Provider: m.GetProvider(), Reason: reasonOf(m.GetReason()),
		Capacity: int(m.GetCapacity()), Queued: int(m.GetQueued()), InHand: int(m.GetInHand()), Waiting: int(m.GetWaiting()),
		RetryAfter: decodeDuration(m.GetRetryAfter()), Hopeless: m.GetHopeless(),
	}
	return &schemas.Error{Kind: kindOfRefusal(l.Reason), Reason: l.Reason, Provider: l.Provider, Model: m.GetModel(),
		Message: m.GetMessage(), RetryAfter: l.RetryAfter, Err: l}
}

// kindOfRefusal returns the kind of error that a refusal is.
func kindOfRefusal(r schemas.Reason) schemas.ErrorKind {
	if r == schemas.ReasonNotFound {
		return schemas.KindNotFound
	}
	return schemas.KindOverloaded
}

func known(kind schemas.ErrorKind) bool {
	switch kind {
	case schemas.KindInvalidRequest, schemas.KindUnauthorized, schemas.KindNotFound, schemas.KindRateLimited,
		schemas.KindOverloaded, schemas.KindTimeout, schemas.KindCanceled, schemas.KindUpstream,
		schemas.KindUnsupportedOperation, schemas.KindNodeLost, schemas.KindInternal:
		return true
	}
	return false
}

// reasonOf returns a reason, which may be a newer version's, if it is written as reasons
// are; else none.
func reasonOf(word string) schemas.Reason {
	if len(word) > 32 {
		return ""
	}
	for _, c := range []byte(word) {
		if (c < 'a' || c > 'z') && c != '_' {
			return ""
		}
	}
	return schemas.Reason(word)
}
