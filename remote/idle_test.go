package remote_test

import (
	"runtime"
	"testing"

	"bifrost"
	"bifrost/remote"
	"bifrost/schemas"
)

// It is not parallel, so that no other test's memory is counted. The peers are in this
// process, so that what each of them needs for the other end is in the sum, too.
func TestAnIdlePeerCostsUnderOneMegabyte(t *testing.T) {
	const count = 20
	var addresses []string
	for range count {
		p := launch(t, remote.Config{}, bifrost.WithProvider(providerName, answering()), schemas.StaticAccount{providerName: {}})
		addresses = append(addresses, p.node.Address())
	}
	before := memory()
	here := launch(t, remote.Config{Peers: addresses}, bifrost.WithProvider(providerName, answering()), schemas.StaticAccount{providerName: {}})
	eventually(t, "all peers are up", peersUp(here, count))
	each := (memory() - before) / count
	t.Logf("an idle peer costs %d KB, both ends together", each>>10)
	if each > 1<<20 {
		t.Errorf("an idle peer costs %d bytes", each)
	}
}

// memory is what is in use of the heap, and of stacks.
func memory() int64 {
	runtime.GC()
	runtime.GC() // what the first one has found in pools
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc + m.StackInuse)
}
