package schemas

import (
	"fmt"
	"slices"
	"strings"
)

// Fallback is a provider and model to ask when the one before did not answer.
type Fallback struct {
	// Provider names a configured provider. Empty means that Model decides, as in
	// ChatRequest.
	Provider string
	Model    string
}

// DefaultFallbackOn returns the kinds of error that lead to a fallback where nothing
// else is configured: those that another provider may not have. A full mailbox is of
// kind overloaded.
func DefaultFallbackOn() []ErrorKind {
	return []ErrorKind{KindRateLimited, KindOverloaded, KindUpstream, KindTimeout, KindUnauthorized, KindNotFound,
		KindNodeLost, KindInternal}
}

// FallbackKinds returns all kinds that may lead to a fallback.
func FallbackKinds() []ErrorKind {
	return append(DefaultFallbackOn(), KindInvalidRequest, KindUnsupportedOperation)
}

// CheckFallback returns nil, or what is wrong with a fallback as a configuration
// writes it. The error continues a sentence that begins with its place.
func CheckFallback(text string) error {
	provider, model, ok := strings.Cut(text, "/")
	if !ok || provider == "" || model == "" {
		return fmt.Errorf(`is %q; write "provider/model"`, text)
	}
	return nil
}

// ParseFallback reads a fallback as a configuration writes it, and CheckFallback has
// found right.
func ParseFallback(text string) Fallback {
	provider, model, _ := strings.Cut(text, "/")
	return Fallback{Provider: provider, Model: model}
}

// CheckFallbackKind returns nil, or the error for a kind that cannot lead to a
// fallback. The error continues a sentence that begins with its place.
func CheckFallbackKind(kind ErrorKind) error {
	if slices.Contains(FallbackKinds(), kind) {
		return nil
	}
	names := make([]string, 0, len(FallbackKinds()))
	for _, k := range FallbackKinds() {
		names = append(names, string(k))
	}
	return fmt.Errorf("is %q; write one of %s", kind, strings.Join(names, ", "))
}
