package admin_test

import (
	"context"
	"net/http"
	"testing"

	"bifrost/admin"
)

func FuzzSettings(f *testing.F) {
	for _, body := range []string{`{"concurrency":20}`, `{"drop_excess_requests":false,"buffer_size":1}`, `{}`, `[]`, `null`, `{"concurrency":1e2}`, `{"a":1}`} {
		f.Add(body)
	}
	f.Fuzz(func(t *testing.T, body string) {
		o := options()
		o.Set = func(_ context.Context, _ string, s admin.Settings) error {
			if s.Drop == nil && s.Concurrency == nil && s.BufferSize == nil {
				t.Errorf("%q: a change of nothing", body)
			}
			if s.Concurrency != nil && *s.Concurrency < 1 || s.BufferSize != nil && *s.BufferSize < 1 {
				t.Errorf("%q: sizes below 1", body)
			}
			return nil
		}
		got := ask(admin.New(o), "PATCH", "/api/v1/providers/steady", body, "Content-Type", "application/json")
		switch got.status {
		case http.StatusOK, http.StatusBadRequest, http.StatusUnprocessableEntity, http.StatusRequestEntityTooLarge:
		default:
			t.Errorf("%q: status %d, %s", body, got.status, got.body)
		}
	})
}
