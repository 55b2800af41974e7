package providertest

import (
	"cmp"
	"io"
	"net/http"

	"bifrost/schemas"
)

// answerSet is what the scripted upstream says in one dialect, and what the suite
// must know of it. Each dialect has its own in a file of its own.
type answerSet struct {
	// good answers every call without a fault.
	good http.HandlerFunc
	// raw is a chat call in the dialect.
	raw func(model string, stream bool) *schemas.RawRequest
	// errorBody is an error answer that says message.
	errorBody func(message string) string

	// chat is a whole answer, mark what the suite finds it by, and foreign a whole
	// answer that the dialect has not.
	chat, mark, foreign string

	// The events of a stream, in their order. opening comes before the first content,
	// and begins hello; hello and there have content; stop says why the answer ends,
	// and done is the end mark; "" if the dialect has none.
	opening, hello, there, stop, done string
	// failure is an event that is an error, which means failureStatus.
	failure       string
	failureStatus int
	// failingReason is an event that ends an answer with an error in the place of a
	// reason; "" if the dialect has none.
	failingReason string
	// begins is how every stream begins.
	begins string
	// odd is a whole stream up to its end mark and beyond, written as oddly as the
	// standard of events allows.
	odd string

	// ownErrors tells that an error is a part of every whole answer, so that it is the raw
	// caller's to judge.
	ownErrors bool

	// frames tells that a stream is one of frames and not of events: it is passed on as
	// bytes, so that a raw call learns nothing of what is in it.
	frames bool
	// streamType is the type of a stream; "" is that of events.
	streamType string
	// quiet is what may come before a stream's first content; "" is a comment.
	quiet string
}

// media is the type of a stream.
func (s *answerSet) media() string { return cmp.Or(s.streamType, "text/event-stream") }

// wait is what may come before a stream's first content.
func (s *answerSet) wait() string { return cmp.Or(s.quiet, comment) }

// stream is a whole good stream without its end mark.
func (s *answerSet) stream() string { return s.hello + s.there + s.stop }

// set returns the answers in the dialect of the provider under test.
func (f Fixture) set() *answerSet {
	info := f.Provider.Describe()
	if info.OnlyResponses(f.Model) {
		return &responsesAnswers
	}
	return setOf(info.DialectOf(f.Model))
}

// setOf returns the answers in a dialect; OpenAI's for one that has none.
func setOf(d schemas.Dialect) *answerSet {
	switch d {
	case schemas.DialectAnthropic:
		return &anthropicAnswers
	case schemas.DialectGemini:
		return &geminiAnswers
	case schemas.DialectBedrock:
		return &bedrockAnswers
	case schemas.DialectCohere:
		return &cohereAnswers
	}
	return &openAIAnswers
}

const (
	helloText = "Hello there"
	comment   = ": still waiting\n\n"
)

func answer(w http.ResponseWriter, contentType, body string) {
	w.Header().Set("Content-Type", contentType)
	_, _ = io.WriteString(w, body) // the client may have gone
}

// answers returns a script of one answer.
func answers(contentType, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) { answer(w, contentType, body) }
}

// refuses returns a script of one error answer.
func refuses(status int, header http.Header, contentType, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		for name, values := range header {
			w.Header()[name] = values
		}
		w.Header().Set("Content-Type", contentType)
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}
}

// breaks returns a script that sends the beginning of an answer, if any, and
// breaks the connection.
func breaks(contentType, beginning string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		if beginning != "" {
			answer(w, contentType, beginning)
			_ = http.NewResponseController(w).Flush()
		}
		panic(http.ErrAbortHandler)
	}
}

// stalls returns a script that sends the beginning of an answer, if any, and
// then nothing until the client has gone. It tells of both on the channels.
func stalls(contentType, beginning string, arrived, left chan<- struct{}) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if beginning != "" {
			answer(w, contentType, beginning)
			_ = http.NewResponseController(w).Flush()
		}
		arrived <- struct{}{}
		<-r.Context().Done()
		left <- struct{}{}
	}
}
