package bedrock

import (
	"net/http"
	"strings"

	"github.com/tidwall/gjson"

	"bifrost/internal/dialect"
	"bifrost/schemas"
)

// statuses are what the service's exceptions mean, by their names in lower case.
// Some have a status that says less: a model that failed is 424, a spent quota 400.
// https://docs.aws.amazon.com/bedrock/latest/APIReference/CommonErrors.html
var statuses = map[string]int{
	"accessdeniedexception":         http.StatusForbidden,
	"expiredtokenexception":         http.StatusForbidden,
	"invalidsignatureexception":     http.StatusForbidden,
	"unrecognizedclientexception":   http.StatusForbidden,
	"incompletesignatureexception":  http.StatusForbidden,
	"missingauthenticationtoken":    http.StatusForbidden,
	"internalserverexception":       http.StatusInternalServerError,
	"internalfailure":               http.StatusInternalServerError,
	"modelerrorexception":           http.StatusInternalServerError,
	"modelstreamerrorexception":     http.StatusInternalServerError,
	"modelnotreadyexception":        http.StatusServiceUnavailable,
	"modeltimeoutexception":         http.StatusRequestTimeout,
	"resourcenotfoundexception":     http.StatusNotFound,
	"servicequotaexceededexception": http.StatusTooManyRequests,
	"serviceunavailableexception":   http.StatusServiceUnavailable,
	"throttlingexception":           http.StatusTooManyRequests,
	"validationexception":           http.StatusBadRequest,
}

// Failure implements dialect.Codec. The exception's name decides the kind where the
// status says something else; the status itself is kept.
func (Codec) Failure(status int, header http.Header, body []byte, key string) *schemas.Error {
	e := dialect.Failure(schemas.DialectBedrock, status, header, body, key)
	name := header.Get("X-Amzn-Errortype")
	if name == "" {
		name = gjson.GetBytes(body, "__type").String()
	}
	meant := statuses[plainName(name)]
	if meant == 0 {
		return e
	}
	if own := dialect.ByStatus(meant); own.Kind != e.Kind {
		e.Kind, e.Message, e.MayHaveStarted = own.Kind, own.Message, own.MayHaveStarted
	}
	return e
}

// plainName returns an exception's name in lower case, without what may stand around
// it: "com.amazon.coral.service#ThrottlingException:http://…".
func plainName(name string) string {
	name, _, _ = strings.Cut(name, ":")
	return strings.ToLower(name[strings.LastIndexByte(name, '#')+1:])
}

// FailureWithin implements dialect.Codec. An answer of status 200 that is an error has
// a type, or a message and nothing else, as an intermediary's.
func (Codec) FailureWithin(data []byte, key string) error {
	v := gjson.ParseBytes(data)
	name := v.Get("__type").String()
	if name == "" {
		name = v.Get("Output.__type").String()
	}
	wrong := name != ""
	if !wrong && v.IsObject() && !v.Get("output").Exists() {
		wrong = v.Get("message").Type == gjson.String || dialect.Present([]byte(v.Get("error").Raw))
	}
	if !wrong {
		return nil
	}
	status := statuses[plainName(name)]
	if status == 0 {
		status = http.StatusInternalServerError
	}
	return dialect.FailureWithin(schemas.DialectBedrock, status, data, key)
}

// exception returns the error that a frame of a stream is.
func exception(f frame, key string) *schemas.Error {
	name := plainName(f.name)
	status := statuses[name]
	// What the model itself answered says more.
	if own := gjson.GetBytes(f.payload, "originalStatusCode").Int(); name == "modelstreamerrorexception" && own >= 400 && own < 600 {
		status = int(own)
	}
	if status == 0 {
		status = http.StatusInternalServerError
	}
	body := f.payload
	if len(body) == 0 && f.text != "" {
		body = []byte(f.text)
	}
	return dialect.FailureWithin(schemas.DialectBedrock, status, body, key)
}
