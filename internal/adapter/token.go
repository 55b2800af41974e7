package adapter

import (
	"context"
	"time"

	"bifrost/internal/httpx"
)

// early is how long before its end a token is renewed.
const early = time.Minute

// Token is an access token.
type Token struct {
	Value   string
	Expires time.Time // zero: never
}

// Tokens keeps an access token until shortly before its end. It is safe for concurrent
// use: one caller fetches, and the others wait for it, none longer than his own context
// lasts.
type Tokens struct {
	fetch func(ctx context.Context) (Token, error)

	turn  chan struct{} // held by who touches token
	token Token
}

// NewTokens returns Tokens that come from fetch, of which one call is under way at a
// time. Its errors are *schemas.Error; none is kept.
func NewTokens(fetch func(ctx context.Context) (Token, error)) *Tokens {
	return &Tokens{fetch: fetch, turn: make(chan struct{}, 1)}
}

// Valid returns a token that lasts. It blocks while one is fetched, until ctx ends.
func (t *Tokens) Valid(ctx context.Context) (string, error) {
	select {
	case t.turn <- struct{}{}:
		defer func() { <-t.turn }()
	case <-ctx.Done():
		return "", httpx.Ended(ctx, false)
	}
	if t.token.Value != "" && (t.token.Expires.IsZero() || time.Now().Before(t.token.Expires.Add(-early))) {
		return t.token.Value, nil
	}
	token, err := t.fetch(ctx)
	if ended := httpx.Ended(ctx, false); err != nil && ended != nil {
		return "", ended
	}
	if err != nil {
		return "", err
	}
	t.token = token
	return token.Value, nil
}

// Drop forgets a token that was refused, so that the next caller fetches another. then,
// which may be nil, is called while no fetch is under way, if the token was the kept one.
func (t *Tokens) Drop(ctx context.Context, value string, then func()) {
	select {
	case t.turn <- struct{}{}:
		defer func() { <-t.turn }()
	case <-ctx.Done():
		return
	}
	if t.token.Value != value {
		return
	}
	t.token = Token{}
	if then != nil {
		then()
	}
}
