package discovery

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strconv"
	"time"

	"github.com/rs/zerolog"
)

const (
	// DefaultInterval is how often a name is looked up.
	DefaultInterval = 5 * time.Second

	// DefaultTimeout bounds one look-up. It leaves time for a second server when
	// the first one is silent for its 5 seconds.
	DefaultTimeout = 12 * time.Second

	// MaxAddresses is how many addresses a name may have. One with more is a
	// mistake, and counts as a failed look-up.
	MaxAddresses = 1024

	// maxPause bounds the pause after failed look-ups.
	maxPause = 30 * time.Second

	// believedAfter is how many answers of "no such name" in a row empty a list.
	believedAfter = 3
)

// A Resolver looks names up; *net.Resolver is one.
type Resolver interface {
	LookupNetIP(ctx context.Context, network, host string) ([]netip.Addr, error)
	LookupSRV(ctx context.Context, service, proto, name string) (string, []*net.SRV, error)
}

// DNS is a source that looks a name up again and again. Its fields must not change
// while it runs.
//
// What DNS says is believed so: a time-out, a failing server, an answer that is
// broken or has more than MaxAddresses, and a service of which one target could not
// be looked up, are no answer, and the last list holds. "No such name" and "no such
// records" are an answer, since a headless service without pods gives it; but a
// server that has just started, or whose zone is being loaded, gives it as well. So
// it empties a list only when it comes three times in a row, and before the first
// list it is one. An SRV record with the target "." says that there is no such
// service, and is believed at once.
type DNS struct {
	// Name is looked up: a host's, or with Service that of a service as in
	// "_bifrost._tcp.example.org". One without a dot at its end is also looked up in
	// the machine's search domains.
	Name string

	// Port is that of every address, from 1 to 65535; unused with Service.
	Port uint16

	// Network is "ip" for A and AAAA records, "ip4" or "ip6" for those only. Empty
	// means "ip".
	Network string

	// Service looks for SRV records, and then for the addresses of their targets.
	// Priority and weight have no meaning here: all of them are peers.
	Service bool

	// Interval is the time between look-ups; 0 means DefaultInterval. It varies by a
	// tenth, so that nodes that started together do not ask together for ever. After
	// failures it doubles, up to 30 s or Interval if that is longer.
	Interval time.Duration

	// Timeout bounds one look-up; 0 means DefaultTimeout.
	Timeout time.Duration

	// Resolver answers. Nil means Go's own with the machine's settings, which takes
	// an answer for IPv4 alone as a failure if the one for IPv6 failed; where a server
	// always fails for IPv6, Network says "ip4".
	Resolver Resolver

	// Log gets a line when look-ups begin to fail and when they succeed again, and
	// one for each change. The zero value is silent.
	Log zerolog.Logger
}

// Run looks up until ctx ends. It follows the contract of Source; it fails only on
// fields that are wrong.
func (d *DNS) Run(ctx context.Context, update func([]string)) error {
	if err := d.check(); err != nil {
		return err
	}
	p := &poller{
		lookup:   d.lookup,
		interval: orDefault(d.Interval, DefaultInterval),
		timeout:  orDefault(d.Timeout, DefaultTimeout),
		log:      d.Log.With().Str("name", d.Name).Logger(),
	}
	p.run(ctx, update)
	return nil
}

func (d *DNS) check() error {
	if d.Interval < 0 || d.Timeout < 0 {
		return errors.New("the interval and the timeout of a look-up must not be negative; leave them 0 for the defaults")
	}
	if net.ParseIP(d.Name) != nil {
		return fmt.Errorf("%s is an address and no name; list it as a peer", quoted(d.Name))
	}
	if err := checkName(d.Name); err != nil {
		return err
	}
	if !d.Service && d.Port == 0 {
		return fmt.Errorf("peers under %s need a port from 1 to 65535", quoted(d.Name))
	}
	if !slices.Contains([]string{"", "ip", "ip4", "ip6"}, d.Network) {
		return fmt.Errorf("%s is no kind of address; write ip, ip4 or ip6", quoted(d.Network))
	}
	return nil
}

// errNone says that the name has certainly no addresses.
var errNone = errors.New("the service is declared absent")

func (d *DNS) lookup(ctx context.Context) ([]string, error) {
	resolver := d.Resolver
	if resolver == nil {
		resolver = &net.Resolver{PreferGo: true, StrictErrors: true}
	}
	network := d.Network
	if network == "" {
		network = "ip"
	}
	if d.Service {
		return lookupService(ctx, resolver, network, d.Name)
	}
	ips, err := resolver.LookupNetIP(ctx, network, d.Name)
	if err != nil {
		return nil, err
	}
	return withPort(ips, d.Port), tooMany(len(ips))
}

// lookupService asks for the targets one after another: they are as many as there
// are nodes, and a name server near by knows them all.
func lookupService(ctx context.Context, resolver Resolver, network, name string) ([]string, error) {
	_, records, err := resolver.LookupSRV(ctx, "", "", name)
	if err != nil && len(records) == 0 {
		return nil, err
	}
	if len(records) == 1 && records[0].Target == "." {
		return nil, errNone
	}
	if err := tooMany(len(records)); err != nil {
		return nil, err
	}
	var addresses []string
	var missing error
	for _, record := range records {
		ips, err := resolver.LookupNetIP(ctx, network, record.Target)
		switch {
		case isNotFound(err):
			missing = err // its pod is gone, and the record is soon
		case err != nil:
			return nil, err
		default:
			addresses = append(addresses, withPort(ips, record.Port)...)
		}
	}
	if len(addresses) == 0 && missing != nil {
		return nil, missing
	}
	return addresses, tooMany(len(addresses))
}

func tooMany(n int) error {
	if n > MaxAddresses {
		return fmt.Errorf("the name has %d addresses, and %d are allowed; check that it is that of the nodes", n, MaxAddresses)
	}
	return nil
}

func withPort(ips []netip.Addr, port uint16) []string {
	addresses := make([]string, 0, len(ips))
	for _, ip := range ips {
		addresses = append(addresses, net.JoinHostPort(ip.Unmap().String(), strconv.Itoa(int(port))))
	}
	return addresses
}

func isNotFound(err error) bool {
	var dns *net.DNSError
	return errors.As(err, &dns) && dns.IsNotFound
}

func orDefault(d, byDefault time.Duration) time.Duration {
	if d == 0 {
		return byDefault
	}
	return d
}
