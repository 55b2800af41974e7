package providertest

import (
	"context"
	"io"
	"net/http"
	"runtime"
	"testing"
	"time"

	"bifrost/schemas"
)

// Fixture is one provider under test.
type Fixture struct {
	// Provider is fresh. Exercise closes it if it is an io.Closer.
	Provider schemas.Provider

	// Upstream is the scripted server that Provider calls. Nil means that the
	// provider has an upstream of its own; the tests of faults are skipped then.
	Upstream *Upstream

	// Query is what the provider adds to the query of every call but the list of models.
	Query string

	// Key is used for every call; its value must be unlike any other text.
	Key schemas.Key

	Model string

	// Lacks are operations that the provider has, but not for the Model.
	Lacks []schemas.Operation

	// Routed puts what the provider's server knows of paths and bodies before the good
	// answers of the model's dialect, which see them as the dialect has them. Nil means
	// that they are; else the provider may change the path and body of a raw call.
	Routed func(good http.HandlerFunc) http.HandlerFunc
}

// good returns the good answers of the provider's server.
func (f Fixture) good() http.HandlerFunc {
	if f.Routed == nil {
		return f.set().good
	}
	return f.Routed(f.set().good)
}

// patience bounds what should take milliseconds, with room for a busy machine.
const patience = 5 * time.Second

// suite is what Exercise runs.
var suite = []struct {
	name   string
	script bool // needs a scripted upstream
	run    func(t *testing.T, f Fixture)
	chunks bool // is about the chunks of chat completions
	events bool // is about streams of events
}{
	{"DescribesItselfTheSameEveryTime", false, describesItself, false, false},
	{"AnswersAChat", false, answersAChat, false, false},
	{"StreamsAChatToItsEnd", false, streamsAChat, false, false},
	{"ClosesAStreamEarlyAndMoreThanOnce", false, closesAStreamEarly, false, false},
	{"AnswersEmbeddingsOrSaysThatItHasNone", false, answersEmbeddings, false, false},
	{"ListsModels", false, listsModels, false, false},
	{"PassesARawCallThrough", false, passesRaw, false, false},
	{"PassesARawStreamThrough", false, passesRawStream, false, false},
	{"RefusesAnUnknownOperation", false, refusesUnknownOperation, false, false},
	{"RefusesARawPathThatLeavesItsBase", false, refusesBadPaths, false, false},
	{"RefusesACallWhoseContextHasEnded", false, refusesEndedContext, false, false},
	{"SharesOneRequestAmongManyCallers", false, sharesOneRequest, false, false},

	{"SendsItsKeyAndNoOther", true, sendsItsKey, false, false},
	{"GivesEveryRefusalItsKind", true, givesRefusalsTheirKind, false, false},
	{"KeepsAProvidersWordsOutOfItsText", true, keepsWordsOut, false, false},
	{"TakesAWebPageOrBrokenJSONForAFault", true, refusesOddAnswers, false, false},
	{"ReportsAConnectionThatBreaks", true, reportsReset, false, false},
	{"ReportsAnUpstreamThatStalls", true, reportsStall, false, false},
	{"DoesNotFollowARedirect", true, staysWithRedirect, false, false},
	{"ReturnsAnErrorBeforeTheFirstContentFromTheCall", true, errorBeforeContent, false, false},
	{"ReturnsAnErrorAfterTheFirstContentFromTheStream", true, errorAfterContent, false, false},
	{"NeverTakesAStreamThatEndsEarlyForComplete", true, endsEarly, false, false},
	{"DeliversARawStreamByteForByte", true, deliversVerbatim, false, false},
	{"CompletesAStreamThatOnlyLacksItsEnd", true, completesTheEnd, false, true},
	{"TakesAnErrorThatSaysNothingOutOfAStream", true, removesEmptyErrors, true, false},
	{"PassesAUsageChunkOnToThoseWhoAskedForIt", true, keepsUsageForAskers, true, false},
	{"CancelsBeforeTheHeaders", true, cancelsBeforeHeaders, false, false},
	{"CancelsInTheMiddleOfAStream", true, cancelsInStream, false, false},
	{"ClosesTheUpstreamCallWithTheStream", true, closeReachesUpstream, false, false},
	{"HasTheCauseOfACancel", true, hasCause, false, false},
}

// Exercise runs the suite, each test on a fixture of its own, and fails if a
// goroutine is left.
func Exercise(t *testing.T, factory func(t *testing.T) Fixture) {
	before := runtime.NumGoroutine()
	for _, test := range suite {
		if test.chunks && !hasChunks(t, factory) {
			continue
		}
		t.Run(test.name, func(t *testing.T) {
			f := factory(t)
			if test.script && f.Upstream == nil {
				t.Skip("the provider has no scripted upstream")
			}
			if test.events && f.set().frames {
				t.Skip("the dialect's streams are not made of events")
			}
			if f.Upstream != nil {
				f.Upstream.speak(f.good())
			}
			test.run(t, f)
			if c, ok := f.Provider.(io.Closer); ok {
				if err := c.Close(); err != nil {
					t.Errorf("close: %v", err)
				}
			}
			if f.Upstream != nil {
				f.Upstream.server.Close() // blocks until every call has left
			}
		})
	}
	noGoroutineIsLeft(t, before)
}

// hasChunks reports whether raw calls of chat completions are for the providers under
// test.
func hasChunks(t *testing.T, factory func(t *testing.T) Fixture) (has bool) {
	t.Helper()
	t.Run("Dialect", func(t *testing.T) { // what the fixture holds ends with it
		f := factory(t)
		has = f.set() == &openAIAnswers
		if c, ok := f.Provider.(io.Closer); ok {
			_ = c.Close() // the suite looks at what it returns
		}
	})
	return has
}

// noGoroutineIsLeft waits until the connections' goroutines, which nobody can
// wait for, have ended.
func noGoroutineIsLeft(t *testing.T, before int) {
	t.Helper()
	look := time.NewTicker(time.Millisecond)
	defer look.Stop()
	late := time.After(patience)
	for runtime.NumGoroutine() > before {
		select {
		case <-look.C:
		case <-late:
			stacks := make([]byte, 1<<20)
			t.Fatalf("%d goroutines, %d before:\n%s", runtime.NumGoroutine(), before, stacks[:runtime.Stack(stacks, true)])
		}
	}
}

// within returns a context that ends a test that hangs.
func within(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	t.Cleanup(cancel)
	return ctx
}
