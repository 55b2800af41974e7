//go:build linux

package nodes_test

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"

	"golang.org/x/sys/unix"
)

// host is a place of its own: a network namespace whose only link, beside its own
// loopback, goes to the network's switch.
type host struct {
	name      string
	namespace string
	tap       *os.File

	mu      sync.Mutex
	address netip.Addr
}

const tapDevice = "/dev/net/tun"

// addHost makes a host. It returns what is there also after an error, to be closed.
func addHost(name, namespace string, address netip.Addr) (*host, error) {
	h := &host{name: name, namespace: namespace, address: address}
	if err := os.MkdirAll(filesOf(namespace), 0o755); err != nil {
		return h, err
	}
	for file, text := range map[string]string{"hosts": "", "resolv.conf": "nameserver 127.0.0.1\n"} {
		if err := os.WriteFile(filepath.Join(filesOf(namespace), file), []byte(text), 0o644); err != nil {
			return h, err
		}
	}
	if err := runIP("netns", "add", namespace); err != nil {
		return h, err
	}
	var err error
	if h.tap, err = openTap(namespace); err != nil {
		return h, err
	}
	if err := h.configure("addr", "add", h.prefix(), "dev", link); err != nil {
		return h, err
	}
	if err := h.configure("link", "set", "lo", "up"); err != nil {
		return h, err
	}
	return h, h.configure("link", "set", link, "up")
}

// link is the name of a host's link to the network.
const link = "eth0"

// openTap makes the link of a namespace, and returns the end that has its frames.
func openTap(namespace string) (*os.File, error) {
	var tap *os.File
	err := inside(namespace, func() error {
		fd, err := unix.Open(tapDevice, unix.O_RDWR|unix.O_NONBLOCK|unix.O_CLOEXEC, 0)
		if err != nil {
			return fmt.Errorf("open %s: %w", tapDevice, err)
		}
		request, err := unix.NewIfreq(link)
		if err == nil {
			request.SetUint16(unix.IFF_TAP | unix.IFF_NO_PI)
			err = unix.IoctlIfreq(fd, unix.TUNSETIFF, request)
		}
		if err != nil {
			_ = unix.Close(fd)
			return fmt.Errorf("make the link: %w", err)
		}
		tap = os.NewFile(uintptr(fd), tapDevice)
		return nil
	})
	return tap, err
}

// inside runs do on a thread in the namespace. Sockets that it opens there stay there.
func inside(namespace string, do func() error) error {
	result := make(chan error, 1)
	go func() { // ends after do, and its thread with it, since that is never unlocked
		runtime.LockOSThread()
		fd, err := unix.Open("/run/netns/"+namespace, unix.O_RDONLY|unix.O_CLOEXEC, 0)
		if err == nil {
			err = unix.Setns(fd, unix.CLONE_NEWNET)
			_ = unix.Close(fd)
		}
		if err == nil {
			err = do()
		}
		result <- err
	}()
	return <-result
}

func (h *host) String() string { return h.name }

// close removes the namespace. Processes in it should have ended.
func (h *host) close() {
	if h.tap != nil {
		_ = h.tap.Close()
	}
	removeNamespace(h.namespace)
}

func (h *host) ip() netip.Addr {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.address
}

func (h *host) prefix() string { return h.ip().String() + "/24" }

func (h *host) wrap(argv []string) []string {
	return append([]string{"ip", "netns", "exec", h.namespace}, argv...)
}

// dialing bounds the threads that wait for a connection: a partition answers none.
var dialing = make(chan struct{}, 256)

func (h *host) dial(ctx context.Context, network, address string) (conn net.Conn, err error) {
	select {
	case dialing <- struct{}{}:
		defer func() { <-dialing }()
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	err = inside(h.namespace, func() error {
		conn, err = new(net.Dialer).DialContext(ctx, network, address)
		return err
	})
	return conn, err
}

func (h *host) listen(network, address string) (l net.Listener, err error) {
	err = inside(h.namespace, func() error {
		l, err = net.Listen(network, address)
		return err
	})
	return l, err
}

// down takes the host's link away: its processes see that there is no network.
func (h *host) down(t *testing.T) {
	t.Helper()
	must(t, h.configure("link", "set", link, "down"))
}

// up gives the link back.
func (h *host) up(t *testing.T) {
	t.Helper()
	must(t, h.configure("link", "set", link, "up"))
}

func runIP(args ...string) error {
	if out, err := exec.Command("ip", args...).CombinedOutput(); err != nil {
		return fmt.Errorf("ip %s: %w: %s", strings.Join(args, " "), err, strings.TrimSpace(string(out)))
	}
	return nil
}

func (h *host) configure(args ...string) error {
	return runIP(append([]string{"-n", h.namespace}, args...)...)
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
