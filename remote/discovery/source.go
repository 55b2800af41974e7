package discovery

import (
	"context"
	"slices"
)

// A Source tells where peers are.
type Source interface {
	// Run reports lists of addresses until ctx ends. It blocks; then it returns nil.
	// An error is a fault that trying again does not cure, such as a wrong setting;
	// all others are logged, once for an outage, and tried again.
	//
	// update is called with the first list as soon as it is known, which may be
	// empty, and then with each one that differs from its predecessor. Each address
	// is "host:port", with an IPv6 host in brackets. The list is the receiver's to
	// keep and to change. While update blocks, the source waits.
	//
	// A Source is run once at a time.
	Run(ctx context.Context, update func(addresses []string)) error
}

// normal returns a list's own copy, sorted and without duplicates; never nil.
func normal(addresses []string) []string {
	sorted := append(make([]string, 0, len(addresses)), addresses...)
	slices.Sort(sorted)
	return slices.Compact(sorted)
}
