package bifrost

import (
	"context"

	"bifrost/schemas"
)

// WithSession returns a context whose requests belong to a session: they use the
// same key of a provider for as long as it is healthy. See schemas.WithSession.
func WithSession(ctx context.Context, session string) context.Context {
	return schemas.WithSession(ctx, session)
}
