package remote

import (
	"context"
	"net"
	"sync"
	"time"
)

const (
	// dialTimeout is how long an address that does not answer at all is waited for.
	dialTimeout = time.Second
	// dialEvery is how long one attempt to connect is given before another one is made
	// beside it. The kernel itself repeats a lost one after a second only, and then after
	// two: a network that was mended would not be noticed for that long.
	dialEvery = 300 * time.Millisecond
)

// dialEagerly connects to an address, by the first of several attempts. An attempt that
// fails ends them all.
func dialEagerly(ctx context.Context, address string) (net.Conn, error) {
	type result struct {
		conn net.Conn
		err  error
	}
	var attempts sync.WaitGroup
	defer attempts.Wait()
	ctx, cancel := context.WithTimeout(ctx, dialTimeout)
	defer cancel()
	first := make(chan result)
	ticker := time.NewTicker(dialEvery)
	defer ticker.Stop()
	for {
		attempts.Go(func() { // ends with its attempt, which ctx ends
			conn, err := new(net.Dialer).DialContext(ctx, "tcp", address)
			select {
			case first <- result{conn, err}:
			case <-ctx.Done():
				if conn != nil {
					_ = conn.Close()
				}
			}
		})
		select {
		case r := <-first:
			return r.conn, r.err
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-ticker.C:
		}
	}
}
