package dialect_test

import (
	"errors"
	"net/http"
	"strings"
	"testing"

	"bifrost/internal/dialect"
	"bifrost/schemas"
)

func TestABodyNamesNoMoreFallbacksThanThereMayBe(t *testing.T) {
	list := func(n int) string { return `["a/m"` + strings.Repeat(`,"a/m"`, n-1) + `]` }
	for name, of := range map[string]func(n int) *schemas.RawRequest{
		"json": func(n int) *schemas.RawRequest {
			return &schemas.RawRequest{Header: http.Header{"Content-Type": {"application/json"}}, Body: []byte(`{"fallbacks":` + list(n) + `}`)}
		},
		"a list in a form": func(n int) *schemas.RawRequest { return upload("b", formOf([2]string{"fallbacks", list(n)})) },
		"parts of a form": func(n int) *schemas.RawRequest {
			parts := make([][2]string, n)
			for i := range parts {
				parts[i] = [2]string{"fallbacks[]", "a/m"}
			}
			return upload("b", formOf(parts...))
		},
	} {
		if _, got, err := dialect.BodyFallbacks(of(dialect.MaxFallbacks)); err != nil || len(got) != dialect.MaxFallbacks {
			t.Errorf("%s: read %d fallbacks, %v", name, len(got), err)
		}
		if _, _, err := dialect.BodyFallbacks(of(dialect.MaxFallbacks + 1)); !errors.Is(err, schemas.ErrInvalidRequest) || !strings.Contains(err.Error(), "fallbacks") {
			t.Errorf("%s: one more is %v", name, err)
		}
	}
}
