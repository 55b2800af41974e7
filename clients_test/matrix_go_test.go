package clients_test

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"testing"
	"time"
)

// A feature is one thing that an SDK can be asked for; it returns what went wrong.
type feature struct {
	name string
	try  func(ctx context.Context, model string, p plan) error
}

// goCells runs the SDKs for Go.
func goCells(t *testing.T, p plan) []cell {
	var cells []cell
	for _, sdk := range goSDKs(t, p.Base, &http.Client{}) {
		for _, provider := range p.Columns {
			for _, f := range sdk.features {
				cells = append(cells, try(t, sdk.name, provider, f, p))
			}
		}
	}
	return cells
}

// goSDK is an SDK for Go and what is asked of it.
type goSDK struct {
	name     string
	features []feature
}

// goSDKs are the SDKs for Go, with an address and an HTTP client.
func goSDKs(t *testing.T, base string, via *http.Client) []goSDK {
	return []goSDK{
		{"openai-go", openaiFeatures(base, via)},
		{"anthropic-sdk-go", anthropicFeatures(base, via)},
		{"google.golang.org/genai", geminiFeatures(t, base, via)},
	}
}

func try(t *testing.T, sdk, provider string, f feature, p plan) cell {
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	c := cell{SDK: sdk, Provider: provider, Feature: f.name}
	if err := f.try(ctx, p.model(provider, f.name), p.of(provider)); err != nil {
		text := describe(err)
		c.Error = &text
	}
	return c
}

// must returns an error that says what was wrong, or nil.
func must(ok bool, format string, args ...any) error {
	if ok {
		return nil
	}
	return fmt.Errorf(format, args...)
}

// has returns err, or that got lacks something.
func has(err error, ok bool, format string, args ...any) error {
	return cmp.Or(err, must(ok, format, args...))
}

// failsWith returns nil if err is a T that fits.
func failsWith[T error](err error, fits func(T) bool) error {
	var e T
	if !errors.As(err, &e) {
		return fmt.Errorf("got %T (%v)", err, err)
	}
	return must(fits(e), "got %v", e)
}
