package faults_test

import (
	"io"
	"net"
	"net/http"

	"bifrost/providers/providertest"
)

// script makes the handler of a provider that fails.
type script func(k kind) http.HandlerFunc

const page = "<!doctype html><html>" + sayings + "</html>"

func say(w http.ResponseWriter, media, body string) {
	w.Header().Set("Content-Type", media)
	_, _ = io.WriteString(w, body)            // the client may have gone
	_ = http.NewResponseController(w).Flush() // likewise
}

// status refuses every call. header is pairs of name and value.
func status(code int, header ...string) script {
	return func(k kind) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			for i := 0; i < len(header); i += 2 {
				w.Header().Set(header[i], header[i+1])
			}
			w.Header().Set("Content-Type", "application/json")
			w.WriteHeader(code)
			_, _ = io.WriteString(w, k.errorOf(code))
		}
	}
}

// htmlPage answers with a page.
func htmlPage(code int) script {
	return func(kind) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "text/html; charset=utf-8")
			w.WriteHeader(code)
			_, _ = io.WriteString(w, page)
		}
	}
}

// body answers in the type of a whole answer, with what of returns.
func body(of func(k kind, wire providertest.Wire) string) script {
	return func(k kind) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			say(w, "application/json", of(k, providertest.WireOf(k.speaks)))
		}
	}
}

// events answers with a stream of what of returns, which then ends.
func events(of func(wire providertest.Wire) string) script {
	return func(k kind) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			wire := providertest.WireOf(k.speaks)
			say(w, wire.StreamType, of(wire))
		}
	}
}

// resets answers nothing and resets the connection.
func resets(kind) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		conn, _, err := http.NewResponseController(w).Hijack()
		if err != nil {
			panic("bug: " + err.Error()) // HTTP/1 can be taken over
		}
		_ = conn.(*net.TCPConn).SetLinger(0) // so that Close resets
		_ = conn.Close()
	}
}

// then follows the beginning of an answer with an end of another kind.
func then(begin script, end http.HandlerFunc) script {
	return func(k kind) http.HandlerFunc {
		first := begin(k)
		return func(w http.ResponseWriter, r *http.Request) {
			first(w, r)
			end(w, r)
		}
	}
}

// nothing begins no answer.
func nothing(kind) http.HandlerFunc { return func(http.ResponseWriter, *http.Request) {} }

// breaks breaks the connection.
func breaks(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }

// stalls says nothing more until the client has gone.
func stalls(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }

func half(_ kind, wire providertest.Wire) string { return wire.Whole[:len(wire.Whole)/2] }

func opening(wire providertest.Wire) string { return wire.Opening }

func begun(wire providertest.Wire) string { return wire.Hello }
