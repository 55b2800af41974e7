package httpx

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"strings"
	"syscall"

	"bifrost/schemas"
)

// errUnsendable is the cause of an error about a request that HTTP cannot carry.
// The library's own error would quote the address.
var errUnsendable = errors.New("not a valid http request")

// Ended returns the error of a call whose context has ended, or nil while ctx is
// alive. A cause that is a *schemas.Error is returned as it is. started says
// whether the provider may have begun.
func Ended(ctx context.Context, started bool) error {
	ended := ctx.Err()
	if ended == nil {
		return nil
	}
	cause := context.Cause(ctx)
	var own *schemas.Error
	if errors.As(cause, &own) {
		return own
	}
	e := &schemas.Error{Kind: schemas.KindCanceled, MayHaveStarted: started, Err: ended,
		Message: "the caller went away"}
	if errors.Is(ended, context.DeadlineExceeded) {
		e.Kind = schemas.KindTimeout
		e.Message = "the caller's deadline ended before the provider's answer; allow more time"
	}
	if !errors.Is(cause, ended) {
		e.Err = errors.Join(ended, cause)
	}
	return e
}

// failure gives an error of a request without an answer its kind. written says
// whether the request's headers were sent.
func failure(ctx context.Context, err error, written bool, host string) error {
	if ended := Ended(ctx, written); ended != nil {
		return ended
	}
	if strings.HasPrefix(err.Error(), "net/http: invalid") {
		return &schemas.Error{Kind: schemas.KindInvalidRequest, Err: errUnsendable,
			Message: "a header's name or value has characters that HTTP does not allow; correct it"}
	}
	e := &schemas.Error{Kind: schemas.KindUpstream, MayHaveStarted: written, Err: err}
	if fault := atProxy(err); fault != "" {
		e.Message = "could not connect to " + host + ": " + fault
	} else if written {
		e.Message = "the connection to " + host + " broke before the answer; try again"
	} else {
		e.Message = fmt.Sprintf("could not connect to %s: %s; check network_config.base_url and the network",
			host, unreachable(err))
	}
	return e
}

// broken gives an error in the middle of a body its kind.
func broken(ctx context.Context, err error) error {
	if ended := Ended(ctx, true); ended != nil {
		return ended
	}
	return &schemas.Error{Kind: schemas.KindUpstream, MayHaveStarted: true, Err: err,
		Message: "the connection broke in the middle of the answer; try again"}
}

// unreachable says in a few words why a connection was not made.
func unreachable(err error) string {
	var dns *net.DNSError
	var timeout net.Error
	var stranger x509.UnknownAuthorityError
	switch {
	case errors.As(err, &dns):
		return "the host name was not resolved"
	case errors.Is(err, syscall.ECONNREFUSED):
		return "connection refused"
	case errors.As(err, &timeout) && timeout.Timeout():
		return "it took longer than network_config.connect_timeout"
	case errors.As(err, &stranger):
		return "its certificate is by an authority that is not trusted here (network_config.ca_file adds one)"
	case strings.Contains(err.Error(), "tls:") || strings.Contains(err.Error(), "x509:"):
		return "the tls handshake failed"
	}
	return "the connection failed"
}
