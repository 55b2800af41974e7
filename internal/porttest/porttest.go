// Package porttest finds ports of loopback for processes that tests start, and that must
// be told where to listen before they do.
package porttest

import (
	"fmt"
	"math/rand/v2"
	"net"
	"testing"
)

// The ports are below those of Linux's net.ipv4.ip_local_port_range, which the system gives
// to whoever asks for any: until the process listens, one of those might be gone.
const lowest, highest = 10_000, 32_000

// Free returns n different TCP ports of loopback on which nothing listens, and fails the
// test if there are none. Another process may take one all the same if it asks for that
// very port.
func Free(t testing.TB, n int) []int {
	t.Helper()
	ports := make([]int, 0, n)
	for range 100 * n {
		port := lowest + rand.IntN(highest-lowest)
		l, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", port))
		if err != nil {
			continue
		}
		defer l.Close() // when all are chosen, so that none is there twice
		if ports = append(ports, port); len(ports) == n {
			return ports
		}
	}
	t.Fatalf("found %d free ports of %d", len(ports), n)
	return nil
}

// FreeAddresses is Free with the host: "127.0.0.1:port" each.
func FreeAddresses(t testing.TB, n int) []string {
	t.Helper()
	addresses := make([]string, n)
	for i, port := range Free(t, n) {
		addresses[i] = fmt.Sprintf("127.0.0.1:%d", port)
	}
	return addresses
}
