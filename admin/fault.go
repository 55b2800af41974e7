package admin

import (
	"encoding/json"
	"net/http"
)

// The codes of errors.
const (
	codeUnauthorized = "unauthorized"
	codeHost         = "host_not_allowed"
	codeOrigin       = "origin_not_allowed"
	codeNotFound     = "not_found"
	codeMethod       = "method_not_allowed"
	codeMediaType    = "unsupported_media_type"
	codeInvalid      = "invalid_request"
	codeTooLarge     = "body_too_large"
	codeSettings     = "invalid_settings"
	codeRemote       = "remote_provider"
	codeUnsupported  = "not_supported"
	codeBusy         = "too_many_viewers"
	codeClosed       = "shutting_down"
	codeGone         = "canceled"
)

// A fault is an answer that is an error.
type fault struct {
	status  int
	code    string
	message string // says what to do next
}

func (f *fault) Error() string { return f.message }

// errorBody is the JSON of a fault.
type errorBody struct {
	Error struct {
		Code    string `json:"code"`
		Message string `json:"message"`
	} `json:"error"`
}

func (f *fault) send(w http.ResponseWriter) {
	var body errorBody
	body.Error.Code, body.Error.Message = f.code, f.message
	sendJSON(w, f.status, body)
}

// sendJSON answers with a value that can always be written as JSON.
func sendJSON(w http.ResponseWriter, status int, v any) {
	body, err := json.Marshal(v)
	if err != nil {
		http.Error(w, `{"error":{"code":"internal","message":"the answer could not be written as JSON"}}`, http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = w.Write(append(body, '\n')) // the caller may be gone; there is nobody to tell
}
