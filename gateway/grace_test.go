package gateway_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

// deadlines is a connection that notes what is set.
type deadlines struct {
	*httptest.ResponseRecorder
	set []time.Duration // from now
}

// SetReadDeadline is what http.ResponseController looks for.
func (d *deadlines) SetReadDeadline(at time.Time) error {
	d.set = append(d.set, time.Until(at))
	return nil
}

// A deadline that passes while the server watches the connection ends the contexts of all
// its later requests.
func TestARefusalSetsADeadlineOnlyForABodyThatWasNotRead(t *testing.T) {
	s := serveFake(t, always(answer))
	for _, c := range []struct {
		media  string
		status int
		set    int
		last   time.Duration // at least
	}{
		{"application/json", http.StatusBadRequest, 1, time.Minute},
		{"text/plain", http.StatusUnsupportedMediaType, 1, 0},
	} {
		w := &deadlines{ResponseRecorder: httptest.NewRecorder()}
		r := httptest.NewRequest("POST", chatPath, strings.NewReader(`{`))
		r.Header.Set("Content-Type", c.media)
		s.gateway.ServeHTTP(w, r)
		if w.Code != c.status || len(w.set) != c.set || w.set[0] < c.last || c.last == 0 && w.set[0] > time.Second {
			t.Errorf("%s: got %d, with deadlines in %v", c.media, w.Code, w.set)
		}
	}
}
