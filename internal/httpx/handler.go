package httpx

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"

	"bifrost/schemas"
)

// MaxHandlerBody is the largest request body that Handler takes, in bytes.
const MaxHandlerBody = 32 << 20

// Handler serves HTTP by handing every request to d. Each part of a body is
// flushed as it comes; a client that disconnects cancels the call; a body that
// breaks breaks the connection too, so that it never looks complete.
func Handler(d Doer) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, MaxHandlerBody))
		if err != nil {
			refuse(w, bodyStatus(err), "the request's body was not read to its end or is over 32 MiB")
			return
		}
		resp, err := d.Do(r.Context(), forwarded(r, body))
		if err != nil {
			refuse(w, failureStatus(err), "the call failed before its answer; try again")
			return
		}
		defer resp.Body.Close()
		answer(w, resp)
	})
}

// forwarded returns r as a Request. Its URL has the host that the client asked for.
func forwarded(r *http.Request, body []byte) *Request {
	header := r.Header.Clone()
	StripHopByHop(header)
	if len(body) == 0 {
		body = nil
	}
	return &Request{Method: r.Method, URL: "http://" + r.Host + r.URL.RequestURI(), Header: header, Body: body}
}

func answer(w http.ResponseWriter, resp *Response) {
	header := resp.Header.Clone()
	StripHopByHop(header)
	for name, values := range header {
		w.Header()[name] = values
	}
	w.WriteHeader(resp.StatusCode)
	out := http.NewResponseController(w)
	buf := make([]byte, 16<<10)
	for {
		n, err := resp.Body.Read(buf)
		if n > 0 {
			if _, failed := w.Write(buf[:n]); failed != nil {
				return // the client has gone; closing the body cancels the call
			}
			_ = out.Flush() // a writer that cannot flush still delivers at the end
		}
		if err == io.EOF {
			return
		}
		if err != nil {
			panic(http.ErrAbortHandler) // the documented way to break the connection
		}
	}
}

func refuse(w http.ResponseWriter, status int, message string) {
	kind := "server_error"
	if status < 500 {
		kind = "invalid_request_error"
	}
	body := fmt.Sprintf(`{"error":{"message":%q,"type":%q,"param":null,"code":null}}`, message, kind)
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(status)
	_, _ = io.WriteString(w, body) // the client may have gone
}

func bodyStatus(err error) int {
	var tooLarge *http.MaxBytesError
	if errors.As(err, &tooLarge) {
		return http.StatusRequestEntityTooLarge
	}
	return http.StatusBadRequest
}

func failureStatus(err error) int {
	switch {
	case errors.Is(err, schemas.ErrTimeout):
		return http.StatusGatewayTimeout
	case errors.Is(err, schemas.ErrInvalidRequest):
		return http.StatusBadRequest
	}
	return http.StatusBadGateway
}
