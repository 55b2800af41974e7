package faults_test

import (
	"net/http"

	"bifrost/providers/providertest"
	"bifrost/schemas"
)

// row is one fault and what comes of it. The provider fails at every call; it has two
// keys for the model and may be asked twice.
type row struct {
	fault   string
	script  script
	network schemas.NetworkConfig // added to the provider's settings

	// told is what the caller is told, by kind of provider.
	told telling
	// code is X-Bifrost-Code or, in a stream that has begun, the code in its last event.
	code string
	// says is how the message begins; typed, how it does otherwise for those kinds whose
	// answer is translated.
	says  string
	typed map[string]string

	tries    int    // at the provider
	key      string // whose turn the second try is; "": any key's
	rests    string // for how long both keys rest
	fallback bool   // whether a fallback answers, where there is one
}

// Whose turn the second try is, and how keys rest.
const (
	anotherKey = "the other, at once"

	restsLong = "30 s"
	restsPair = "30 s, for the model"
	restsTold = "as told"
	restsOne  = "1 s"
)

// waits are the Retry-After that callers are told: the provider's, or when a key is there
// again after a limit without one.
var waits = map[string]string{restsTold: "30", restsOne: "1"}

// A group is of rows that hold for whole answers, for streams, or for both.
type group struct {
	title, text   string
	whole, stream bool
	rows          []row
}

// telling is what the caller of a kind of provider is told: the status and the word of
// its dialect's error (OpenAI's and Anthropic's type, Gemini's status), or "as sent" if
// the error is the provider's own.
type telling func(kind) string

// refusal is what is told of a status that keeps the provider's body where the caller
// can read it, and a word of OpenAI's dialect for it where not.
func refusal(status, word string) telling {
	return func(k kind) string {
		if k.translated() {
			return status + " " + word
		}
		return status + " as sent"
	}
}

// ours is what is told of an error without an answer of the provider's.
func ours(openai, anthropic, gemini string) telling {
	return func(k kind) string {
		switch k.caller {
		case schemas.DialectAnthropic:
			return anthropic
		case schemas.DialectGemini:
			return gemini
		}
		return openai
	}
}

// eventStatus is what the error event of a dialect counts as, before anything is sent.
var eventStatus = map[schemas.Dialect]string{schemas.DialectOpenAI: "503", schemas.DialectAnthropic: "529", schemas.DialectGemini: "503",
	schemas.DialectBedrock: "503", schemas.DialectCohere: "500"}

var (
	credentials = ours("502 server_error", "502 api_error", "502 UNAVAILABLE")
	failed      = ours("502 server_error", "500 api_error", "502 UNAVAILABLE")
	timedOut    = ours("504 server_error", "504 timeout_error", "504 DEADLINE_EXCEEDED")
	broke       = ours("200, then server_error", "200, then api_error", "200, then UNAVAILABLE")
)

// table is all that is promised of faults.
var table = []group{
	{title: "Before the answer has begun", whole: true, stream: true,
		text: "The same for a whole answer and for a stream of which nothing has been passed on.", rows: []row{
			{fault: "400", script: status(400), told: refusal("400", "invalid_request_error"), code: "invalid_request", says: sayings, tries: 1},
			{fault: "401", script: status(401), told: credentials, code: "upstream_credentials", says: "the provider refused the key",
				tries: 2, key: anotherKey, rests: restsLong, fallback: true},
			{fault: "403", script: status(403), told: credentials, code: "upstream_credentials", says: "the provider refused the key",
				tries: 2, key: anotherKey, rests: restsPair, fallback: true},
			{fault: "404", script: status(404), told: refusal("404", "invalid_request_error"), code: "not_found", says: sayings, tries: 1, fallback: true},
			{fault: "408", script: status(408), told: refusal("408", "invalid_request_error"), code: "timeout", says: sayings, tries: 2, fallback: true},
			{fault: "413", script: status(413), told: refusal("413", "invalid_request_error"), code: "invalid_request", says: sayings, tries: 1},
			{fault: "429", script: status(429), told: refusal("429", "rate_limit_error"), code: "rate_limited", says: sayings,
				tries: 2, key: anotherKey, rests: restsOne, fallback: true},
			{fault: "429 with Retry-After", script: status(429, "Retry-After", "30"), told: refusal("429", "rate_limit_error"), code: "rate_limited",
				says: sayings, tries: 2, key: anotherKey, rests: restsTold, fallback: true},
			{fault: "500", script: status(500), told: refusal("500", "server_error"), code: "upstream", says: sayings, tries: 2, fallback: true},
			{fault: "502", script: status(502), told: refusal("502", "server_error"), code: "upstream", says: sayings, tries: 2, fallback: true},
			{fault: "503", script: status(503), told: refusal("503", "server_error"), code: "upstream", says: sayings, tries: 2, fallback: true},
			{fault: "529", script: status(529), told: refusal("529", "server_error"), code: "upstream", says: sayings, tries: 2, fallback: true},
			{fault: "503 with a web page", script: htmlPage(503), told: ours("503 server_error", "503 overloaded_error", "503 UNAVAILABLE"),
				code: "upstream", says: "the provider failed", tries: 2, fallback: true},
			{fault: "200 with a web page", script: htmlPage(200), told: failed, code: "upstream", says: "the provider answered with a web page", tries: 2, fallback: true},
			{fault: "the connection is refused", script: nothing, network: schemas.NetworkConfig{BaseURL: "http://127.0.0.1:1"},
				told: failed, code: "upstream", says: "could not connect to 127.0.0.1:1: connection refused", tries: 2, fallback: true},
			{fault: "the connection is reset", script: resets, told: failed, code: "upstream", says: "the connection to 127.0.0.1", tries: 2, fallback: true},
			{fault: "no byte comes", script: then(nothing, stalls), network: schemas.NetworkConfig{FirstByteTimeout: stallTimeout},
				told: timedOut, code: "timeout", says: "the first byte took longer than network_config.first_byte_timeout", tries: 1, fallback: true},
		}},
	{title: "In a whole answer", whole: true,
		text: "An answer is read before it is passed on, one that is translated whole, any other up to 64 KiB. If what follows breaks off, so does the caller's connection.", rows: []row{
			{fault: "the connection breaks", script: then(body(half), breaks), told: failed, code: "upstream",
				says: "the connection broke in the middle of the answer", tries: 2, fallback: true},
			{fault: "the rest does not come", script: then(body(half), stalls), network: schemas.NetworkConfig{ChunkIdleTimeout: stallTimeout},
				told: timedOut, code: "timeout", says: "the next part of the answer took longer than network_config.chunk_idle_timeout", tries: 1, fallback: true},
			{fault: "an error with status 200", script: body(func(k kind, _ providertest.Wire) string { return k.errorOf(http.StatusInternalServerError) }),
				told: refusal("500", "server_error"), code: "upstream", says: sayings, tries: 2, fallback: true},
			{fault: "broken JSON", script: body(half), told: failed, code: "upstream", says: "the provider's answer is cut off",
				typed: map[string]string{"bedrock": "the answer is not one of Converse", "cohere": "the answer is not"}, tries: 2, fallback: true},
		}},
	{title: "In a stream, before its first content", stream: true, text: "The status waits for the first content, so nothing has been sent.", rows: []row{
		{fault: "the connection breaks", script: then(events(opening), breaks), told: failed, code: "upstream",
			says: "the connection broke in the middle of the answer", tries: 2, fallback: true},
		{fault: "it ends", script: events(opening), told: failed, code: "upstream", says: "the stream ended", tries: 2, fallback: true},
		{fault: "an error event", script: events(func(w providertest.Wire) string { return w.Opening + w.Failure }),
			told: func(k kind) string { return refusal(eventStatus[k.speaks], "server_error")(k) }, code: "upstream", says: eventSayings,
			tries: 2, fallback: true},
		{fault: "a whole answer", script: body(func(_ kind, w providertest.Wire) string { return w.Whole }), told: failed, code: "upstream",
			says: "the provider answered a request for a stream with a whole answer", tries: 2, fallback: true},
	}},
	{title: "In a stream that has begun", stream: true, text: "What has been passed on cannot be taken back: the last event says that it broke.", rows: []row{
		{fault: "the connection breaks", script: then(events(begun), breaks), told: broke, code: "upstream",
			says: "the connection broke in the middle of the answer", tries: 1},
		{fault: "the rest does not come", script: then(events(begun), stalls), network: schemas.NetworkConfig{ChunkIdleTimeout: stallTimeout},
			told: ours("200, then server_error", "200, then timeout_error", "200, then DEADLINE_EXCEEDED"), code: "timeout",
			says: "the next part of the answer took longer than network_config.chunk_idle_timeout", tries: 1},
		{fault: "an error event", script: events(func(w providertest.Wire) string { return w.Hello + w.Failure }),
			told: refusal("200, then", "server_error"),
			code: "upstream", says: eventSayings, tries: 1},
		{fault: "it ends without its end mark", script: events(begun), told: broke, code: "upstream", says: "the stream ended", tries: 1},
		{fault: "what follows is no event", script: events(func(w providertest.Wire) string { return w.Hello + "garbage\n\n" }), told: broke, code: "upstream",
			says: "the stream ended", typed: map[string]string{"bedrock": "the stream broke off within a frame"}, tries: 1},
		{fault: "broken JSON", script: events(func(w providertest.Wire) string { return w.Hello + "data: {\"a\":\n\n" }), told: broke, code: "upstream",
			says: "the stream ended", typed: map[string]string{"bedrock": "the stream broke off within a frame", "cohere": "the answer is not an event"}, tries: 1},
	}},
}
