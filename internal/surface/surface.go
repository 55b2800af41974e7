// Package surface is the callers' side of the dialects: which ones callers may use,
// and the way of a translated call's answer back to its caller.
package surface

import (
	"errors"

	"bifrost/internal/dialect"
	"bifrost/internal/dialect/anthropic"
	"bifrost/internal/dialect/gemini"
	"bifrost/internal/dialect/openai"
	"bifrost/schemas"
)

// Of returns the surface of a dialect. One that callers do not use is answered as
// OpenAI's, whose shape most clients can read.
func Of(d schemas.Dialect) dialect.Surface {
	if s, ok := Known(d); ok {
		return s
	}
	return openai.Surface{}
}

// Known returns the surface of a dialect, and whether callers use it.
func Known(d schemas.Dialect) (dialect.Surface, bool) {
	switch d {
	case schemas.DialectOpenAI, "":
		return openai.Surface{}, true
	case schemas.DialectAnthropic:
		return anthropic.Surface{}, true
	case schemas.DialectGemini:
		return gemini.Surface{}, true
	}
	return nil, false
}

// WithAbilities returns the error for a call that cannot be translated with what the
// provider has; any other error as it is.
func WithAbilities(err error, info schemas.ProviderInfo) error {
	var e *schemas.Error
	if !errors.Is(err, dialect.ErrUntranslatable) || !errors.As(err, &e) {
		return err
	}
	out := *e
	out.Message += "; it has " + dialect.Abilities(info.Operations)
	return &out
}

// Ability returns what a provider that speaks a call's dialect must have to take the
// call as it is, where many have it not and the call can be translated for them; ""
// where the dialect is enough.
func Ability(raw *schemas.RawRequest) schemas.Operation {
	if raw.Dialect == schemas.DialectOpenAI && raw.Path == openai.PathResponses {
		return schemas.OperationResponses
	}
	return ""
}

// IsChatCompletion reports whether a call is one of OpenAI's chat completions.
func IsChatCompletion(raw *schemas.RawRequest) bool {
	return raw.Dialect == schemas.DialectOpenAI && raw.Path == openai.PathChat
}
