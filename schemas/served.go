package schemas

import "time"

// Served says who answered a request. The runtime fills it in.
type Served struct {
	// Provider and Model are those that answered: after a fallback, or through an
	// alias, not those that were asked first.
	Provider string
	Model    string
	// KeyName is the key's name, never its value. Empty: no key was used.
	KeyName string
	// Attempts is how many tries it took at this provider.
	Attempts int
	// Fallback is 0 for the provider that was asked, n for the n-th fallback.
	Fallback int
	// Dropped names the fields of the request that the provider's dialect cannot
	// carry, and that were left out by the rules of docs/translation.md.
	Dropped []string

	// Waited is how long the request was queued, or waited for a place, until a worker
	// first took it.
	Waited time.Duration
	// FirstContent is how long it took from the offer of the request until the first
	// content of the answer was there: of an answer that is whole, the whole of it.
	FirstContent time.Duration
}
