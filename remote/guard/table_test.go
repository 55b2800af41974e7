package guard

import (
	"fmt"
	"math/rand/v2"
	"net"
	"slices"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// A socket is a connection that only knows its other end, and whether it is closed.
type socket struct {
	net.Conn
	remote net.Addr
	closed atomic.Bool
}

func (s *socket) RemoteAddr() net.Addr { return s.remote }
func (s *socket) Close() error         { s.closed.Store(true); return nil }

func from(ip string) *connection {
	s := &socket{remote: &net.TCPAddr{IP: net.ParseIP(ip), Port: 1}}
	return &connection{socket: s, host: hostOf(s.remote)}
}

func (c *connection) isClosed() bool { return c.socket.(*socket).closed.Load() }

// newTestTable returns a table, and what it has evicted.
func newTestTable(strangers, connections int) (*table, *[]Reason) {
	told := &[]Reason{}
	p := Policy{MaxStrangers: strangers, MaxConnections: connections}.withDefaults()
	return newTable(p, func(_ *connection, why Reason) { *told = append(*told, why) }), told
}

func enter(t *testing.T, table *table, ip string) *connection {
	t.Helper()
	c := from(ip)
	if !table.enter(c) {
		t.Fatal("the table is closed")
	}
	table.handlers.Done()
	return c
}

func TestOldestStrangerMakesRoom(t *testing.T) {
	table, told := newTestTable(2, 2)
	defer table.close()
	first, second, third := enter(t, table, "10.0.0.1"), enter(t, table, "10.0.0.1"), enter(t, table, "10.0.0.1")
	if !first.isClosed() || second.isClosed() || third.isClosed() || !slices.Equal(*told, []Reason{ReasonEvicted}) {
		t.Errorf("want the first of three to be evicted; told %v", *told)
	}
}

func TestHostWithMostStrangersMakesRoom(t *testing.T) {
	table, _ := newTestTable(4, 2)
	defer table.close()
	honest := enter(t, table, "10.0.0.1")
	for range 100 {
		enter(t, table, "10.9.9.9")
	}
	if honest.isClosed() {
		t.Error("a flood from elsewhere has cost an older stranger its place")
	}
	for i := range 100 { // the addresses of one network of IPv6
		enter(t, table, fmt.Sprintf("2001:db8::%x", i+1))
	}
	if honest.isClosed() {
		t.Error("a flood from many addresses of one host has cost an older stranger its place")
	}
}

func TestStrangerOfALongTimeIsClosed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		table, told := newTestTable(8, 8)
		defer table.close()
		slow, quick := enter(t, table, "10.0.0.1"), enter(t, table, "10.0.0.1")
		if r := table.introduce(quick, Peer{Address: "a:1", MemberID: "m"}); r != "" {
			t.Fatal(r)
		}
		time.Sleep(introductionLimit + time.Millisecond)
		synctest.Wait()
		if !slow.isClosed() || quick.isClosed() || !slices.Equal(*told, []Reason{ReasonTooSlow}) {
			t.Errorf("want the slow one to be closed; told %v", *told)
		}
		table.finish(quick, true)
		time.Sleep(introductionLimit - time.Millisecond)
		synctest.Wait()
		if quick.isClosed() {
			t.Error("who has lost its stream was closed too early")
		}
		time.Sleep(2 * time.Millisecond)
		synctest.Wait()
		if !quick.isClosed() {
			t.Error("who has lost its stream stays for ever")
		}
	})
}

func TestDoomedConnectionLingersAndIsToldOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		table, told := newTestTable(8, 8)
		defer table.close()
		c := enter(t, table, "10.0.0.1")
		if r := table.introduce(c, Peer{Address: "a:1", MemberID: "m"}); r != "" {
			t.Fatal(r)
		}
		table.doom(c)
		table.doom(c)
		table.finish(c, true)
		if table.begin(c) {
			t.Error("a doomed connection has begun a stream")
		}
		time.Sleep(lingering - time.Millisecond)
		synctest.Wait()
		if c.isClosed() {
			t.Error("it was closed before its peer could be told why")
		}
		time.Sleep(2 * time.Millisecond)
		synctest.Wait()
		if !c.isClosed() || len(*told) != 0 {
			t.Errorf("want it closed and nobody told again; told %v", *told)
		}
	})
}

func TestClosedTableLetsNobodyIn(t *testing.T) {
	table, told := newTestTable(8, 8)
	c := enter(t, table, "10.0.0.1")
	if r := table.introduce(c, Peer{Address: "a:1", MemberID: "m"}); r != "" {
		t.Fatal(r)
	}
	table.close()
	table.close()
	table.finish(c, true)
	if !c.isClosed() || table.enter(from("10.0.0.2")) || table.begin(c) || len(*told) != 0 {
		t.Errorf("want the connection closed and no other let in; told %v", *told)
	}
}

// TestTableCountsRight does anything in any order.
func TestTableCountsRight(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	table, _ := newTestTable(5, 6)
	defer table.close()
	var open []*connection
	streams := make(map[*connection]int)
	for range 20_000 {
		if len(open) == 0 || random.IntN(4) == 0 {
			open = append(open, enter(t, table, fmt.Sprintf("10.0.0.%d", random.IntN(4))))
		}
		c := open[random.IntN(len(open))]
		switch random.IntN(5) {
		case 0, 1:
			if table.introduce(c, Peer{Address: fmt.Sprintf("a:%d", 1+random.IntN(3)), MemberID: "m"}) == "" {
				streams[c]++
			}
		case 2:
			if streams[c] > 0 {
				streams[c]--
				table.finish(c, true)
			}
		case 3:
			table.doom(c)
		case 4:
			table.leave(c)
		}
		open = slices.DeleteFunc(open, (*connection).isClosed)
		known, strangers := table.count()
		if known+strangers != len(open) || known > 6 || strangers > 5 {
			t.Fatalf("%d connections are open; counted %d known and %d strangers", len(open), known, strangers)
		}
		for address, all := range table.byAddress {
			if len(all) > maxPerAddress || len(all) == 0 {
				t.Fatalf("%d connections of %s", len(all), address)
			}
		}
	}
}
