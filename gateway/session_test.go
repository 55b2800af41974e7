package gateway_test

import (
	"context"
	"fmt"
	"testing"

	"bifrost"
	"bifrost/gateway"
	"bifrost/schemas"
)

// keyed is a fake that tells which key each call has.
type keyed struct {
	*fake
	used chan string
}

func (k keyed) Call(ctx context.Context, a *schemas.Attempt) (*schemas.Response, error) {
	k.used <- a.Key.Name
	return k.fake.Call(ctx, a)
}

func TestRequestsOfOneSessionHaveOneKey(t *testing.T) {
	p := keyed{always(answer), make(chan string, 1)}
	account := schemas.StaticAccount{"fake": {Keys: []schemas.Key{{Value: "1"}, {Value: "2"}, {Value: "3"}, {Value: "4"}}}}
	s := serve(t, schemas.BifrostConfig{Account: account}, gateway.Options{}, bifrost.WithProvider("fake", p))
	homes := map[string]bool{}
	for session := range 20 {
		home := ""
		for range 4 {
			if got := s.post(t, chatPath, goodChat, "X-Bifrost-Session", fmt.Sprint("s", session)); got.status != 200 {
				t.Fatalf("got %d %s", got.status, got.body)
			}
			used := <-p.used
			if home == "" {
				home = used
			}
			if used != home {
				t.Errorf("session %d used %s and %s", session, home, used)
			}
		}
		homes[home] = true
	}
	if len(homes) < 2 {
		t.Errorf("20 sessions share one key: %v", homes)
	}
}
