package providertest

import (
	"net/http"

	"bifrost/schemas"
)

// Wire is what a scripted upstream says in one dialect, for tests that are not of one
// adapter alone.
type Wire struct {
	// Good answers every call without a fault. Its texts are "Hello there".
	Good http.HandlerFunc
	// Whole is a whole answer.
	Whole string
	// StreamType is the type of a stream. Opening comes before its first content, and is
	// a comment where the dialect has nothing else; Hello is its beginning up to that
	// content, and Failure an event that is an error.
	StreamType, Opening, Hello, Failure string
}

// WireOf returns what is said in a dialect; of one that is not known, in OpenAI's.
func WireOf(d schemas.Dialect) Wire { return wireOf(setOf(d)) }

// WireOfResponses returns what is said where a model has OpenAI's Responses API only.
func WireOfResponses() Wire { return wireOf(&responsesAnswers) }

func wireOf(set *answerSet) Wire {
	return Wire{Good: set.good, Whole: set.chat, StreamType: set.media(), Opening: set.wait(), Hello: set.hello, Failure: set.failure}
}
