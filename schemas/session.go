package schemas

import "context"

type sessionKey struct{}

// WithSession returns a context whose requests belong to a session: a user, a
// conversation, anything that profits from what a provider has cached. They use the
// same key of a provider for as long as it is healthy, and go back to it when it is
// again. Sessions are spread over the keys by weight. Nothing is kept of a session,
// and its name is not sent. The empty session is none.
func WithSession(ctx context.Context, session string) context.Context {
	if session == "" {
		return ctx
	}
	return context.WithValue(ctx, sessionKey{}, session)
}

// SessionOf returns the session of a context, empty if there is none.
func SessionOf(ctx context.Context) string {
	session, _ := ctx.Value(sessionKey{}).(string)
	return session
}
