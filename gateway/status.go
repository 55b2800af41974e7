package gateway

import (
	"errors"
	"net/http"

	"bifrost/internal/dialect"
)

// reply returns an error as an answer of the caller's dialect. A status that the options
// give its code is that of the answer, and the words of the dialect that go with it are.
func (x *exchange) reply(err error) (status int, header http.Header, body []byte) {
	status, header, body = x.face.ErrorReply(err)
	if restated := x.restated(err, status, header); restated != nil {
		return x.face.ErrorReply(restated)
	}
	return status, header, body
}

// restated returns the error with the status of the options; nil if they have none for
// it.
func (x *exchange) restated(err error, status int, header http.Header) error {
	own, ok := x.settings.Statuses[header.Get(headerCode)]
	if !ok || own == status {
		return nil
	}
	if up := dialect.Canonical(err).Upstream; up != nil && status == up.StatusCode {
		return nil // the provider's own
	}
	f := refusal{err: err}
	var known *refusal
	if errors.As(err, &known) {
		f = *known
	}
	f.status = own
	return &f
}

// streamError returns an error as the last event of a stream.
func (x *exchange) streamError(err error) []byte {
	status, header, _ := x.face.ErrorReply(err)
	if restated := x.restated(err, status, header); restated != nil {
		err = restated
	}
	return x.face.AppendStreamError(nil, err)
}
