package gateway_test

import (
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"bifrost"
	"bifrost/gateway"
	"bifrost/schemas"
)

func TestNewOptionsAreInForceAtOnceAndWhoIsUnderWayKeepsItsOwn(t *testing.T) {
	p, release, calls := holding()
	s := serve(t, schemas.BifrostConfig{}, gateway.Options{Clients: teams(nil)}, bifrost.WithProvider("fake", p))
	r := s.request(t, "POST", chatPath, goodChat, "Authorization", "Bearer "+teamKey)
	first := make(chan received, 1)
	go func() { first <- s.do(t, r) }() // ends with its answer
	await(t, "the call", calls)

	s.gateway.Configure(gateway.Options{Clients: teams(nil)[1:], MaxBodyBytes: 200, Statuses: map[string]int{"body_too_large": 422}})
	if got := s.post(t, chatPath, goodChat, "Authorization", "Bearer "+teamKey); got.status != 401 {
		t.Errorf("a key that was taken away: got %d %s", got.status, got.body)
	}
	if got := s.post(t, chatPath, goodChat+strings.Repeat(" ", 200), "Authorization", "Bearer "+otherKey); got.status != 422 {
		t.Errorf("got %d %s", got.status, got.body)
	}
	close(release)
	if got := await(t, "the request under way", first); got.status != 200 {
		t.Errorf("the request under way: got %d %s", got.status, got.body)
	}
	if got := s.post(t, chatPath, goodChat, "Authorization", "Bearer "+otherKey); got.status != 200 {
		t.Errorf("got %d %s", got.status, got.body)
	}
	s.gateway.Configure(gateway.Options{})
	if got := s.post(t, chatPath, goodChat); got.status != 200 {
		t.Errorf("without clients: got %d %s", got.status, got.body)
	}
}

func TestWhatAClientHasUsedOutlastsNewOptions(t *testing.T) {
	quotas(t, gateway.Client{RequestsPerMinute: 4, MaxInFlight: 2}, after(time.Second, func() *schemas.RawResponse { return reply(answer) }), schemas.ProviderConfig{}, func(q *quotaSite) {
		var accepted sync.WaitGroup
		for range 2 {
			accepted.Go(func() { q.served(q.ask(goodChat)) })
		}
		synctest.Wait()
		q.gateway.Configure(gateway.Options{Clients: limited(gateway.Client{RequestsPerMinute: 4, MaxInFlight: 3})})
		accepted.Go(func() { q.served(q.ask(goodChat)) })
		synctest.Wait()
		q.refused(q.ask(goodChat), "client_in_flight", "1")
		q.gateway.Configure(gateway.Options{Clients: limited(gateway.Client{RequestsPerMinute: 4, MaxInFlight: 1})})
		q.refused(q.ask(goodChat), "client_in_flight", "1")
		accepted.Wait()
		q.served(q.ask(goodChat))                                                                    // the fourth, a second later
		q.gateway.Configure(gateway.Options{Clients: limited(gateway.Client{RequestsPerMinute: 6})}) // two more
		for range 2 {
			q.served(q.ask(goodChat))
		}
		q.refused(q.ask(goodChat), "client_rate_limited", "7") // each of them took a second
		q.gateway.Configure(gateway.Options{Clients: limited(gateway.Client{RequestsPerMinute: 2})})
		q.refused(q.ask(goodChat), "client_rate_limited", "")
		q.gateway.Configure(gateway.Options{Clients: limited(gateway.Client{})})
		for range 20 {
			q.served(q.ask(goodChat))
		}
	})
}

func TestOptionsMayChangeWhileRequestsCome(t *testing.T) {
	s := serve(t, schemas.BifrostConfig{}, gateway.Options{Clients: teams(nil)}, bifrost.WithProvider("fake", always(answer)))
	var all sync.WaitGroup
	for i := range 4 {
		all.Go(func() {
			for n := range 50 {
				if i == 0 {
					s.gateway.Configure(gateway.Options{Clients: teams(func(c *gateway.Client) { c.RequestsPerMinute, c.MaxInFlight = 1000+n, 100 })})
				} else if got := s.post(t, chatPath, goodChat, "Api-Key", teamKey); got.status != 200 {
					t.Errorf("got %d %s", got.status, got.body)
				}
			}
		})
	}
	all.Wait()
	if c := s.gateway.Clients(); c[1].Name != "team" || c[1].InFlight != 0 || c[1].Requests != 150 {
		t.Errorf("counted are %+v", c)
	}
}
