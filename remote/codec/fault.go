package codec

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"bifrost/schemas"
)

var errNoObject = errors.New("it is no JSON object")

// fieldError says that the field of that name has a wrong form.
type fieldError string

func (f fieldError) Error() string {
	return "its field " + string(f) + " has another form than expected"
}

// isSyntax reports whether err says that data is no JSON object, so that there are no
// members to look at.
func isSyntax(err error) bool {
	var syntax *json.SyntaxError
	return errors.As(err, &syntax) || errors.Is(err, errNoObject)
}

// readHint says in which place a body cannot be read, without quoting it.
func readHint(err error) string {
	var syntax *json.SyntaxError
	var typed *json.UnmarshalTypeError
	var named fieldError
	var value valueError
	switch {
	case errors.As(err, &syntax):
		return fmt.Sprintf("it is no JSON from byte %d on", syntax.Offset)
	case errors.As(err, &typed) && typed.Field != "":
		return fieldError(withoutEmbedded(typed.Field)).Error()
	case errors.As(err, &named):
		return named.Error()
	case errors.As(err, &value):
		return value.Error()
	case errors.Is(err, errNoMessage), errors.Is(err, errManyItems):
		return err.Error()
	case errors.As(err, &typed), errors.Is(err, errNoObject):
		return errNoObject.Error()
	}
	return "one of its fields has another form than expected"
}

// withoutEmbedded takes the name of an embedded struct out of a path of fields: it is none
// in the JSON, where all names are lower-case.
func withoutEmbedded(path string) string {
	first, rest, more := strings.Cut(path, ".")
	if more && (first == "info" || strings.ToLower(first) != first) {
		return rest
	}
	return path
}

// writeHint says why a value cannot be written, without quoting it.
func writeHint(err error) string {
	var number *json.UnsupportedValueError
	var value valueError
	switch {
	case errors.As(err, &number):
		return "a number in it is infinite or no number"
	case errors.As(err, &value):
		return value.Error()
	}
	return "a raw JSON field in it is no valid JSON"
}

// badRequest is the error of a request that cannot be sent or read.
func badRequest(op schemas.Operation, model, format string, args ...any) error {
	return &schemas.Error{Kind: schemas.KindInvalidRequest, Model: model,
		Message: fmt.Sprintf("the %s request ", op) + fmt.Sprintf(format, args...)}
}

// unknownOperation is the error of an operation that has no form. Its name may come from a
// peer.
func unknownOperation(op schemas.Operation, model string) error {
	return &schemas.Error{Kind: schemas.KindUnsupportedOperation, Model: model,
		Message: fmt.Sprintf("the operation %.40q cannot be sent to another node; use one of schemas' operations, or bring both nodes to one version", string(op))}
}

// badAnswer is the error of an answer that cannot be sent or read: the provider has worked
// for it.
func badAnswer(kind schemas.ErrorKind, served schemas.Served, format string, args ...any) error {
	return &schemas.Error{Kind: kind, Provider: served.Provider, Model: served.Model, MayHaveStarted: true,
		Message: fmt.Sprintf(format, args...)}
}
