package porttest_test

import (
	"net"
	"slices"
	"testing"

	"bifrost/internal/porttest"
)

func TestPortsAreFreeAndDifferentAndNoneThatTheSystemGivesAway(t *testing.T) {
	ports := porttest.Free(t, 50)
	if distinct := slices.Compact(slices.Sorted(slices.Values(ports))); len(distinct) != 50 || distinct[0] < 1024 || distinct[49] >= 32_768 {
		t.Errorf("got %v", distinct)
	}
	for _, address := range porttest.FreeAddresses(t, 3) {
		l, err := net.Listen("tcp", address)
		if err != nil {
			t.Fatal(err)
		}
		_ = l.Close()
	}
}
