package gateway

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// Client is who may use a gateway.
type Client struct {
	// Name is in the log, and the tenant of its requests (schemas.TenantOf). It is not
	// empty, and no other client has it.
	Name string

	// Keys are those that it may show, as HashKey writes them. Several are there while
	// one is replaced by another.
	Keys []string

	// Providers are the names of those that it may use. None: all.
	Providers []string

	// Models are those that it may use: "provider/model", an alias, which stands for its
	// targets, or the beginning of one of these with "*" at its end. None: all.
	Models []string

	// RequestsPerMinute bounds its calls; as many as that may come at once. Zero: no
	// limit. A call that is refused here is not counted.
	RequestsPerMinute int

	// TokensPerMinute bounds the tokens of its calls, as their providers count them.
	// They are known when an answer has ended, so a call is refused while those before
	// it have used more than there was. A stream that its client cuts short, before they
	// are known, has at least one token for each event that was sent. Zero: no limit.
	TokensPerMinute int

	// MaxInFlight bounds its requests at one time, from their beginning to the end of
	// their answers. Zero: no limit.
	MaxInFlight int

	// LogContent lets the access log have its requests and answers.
	LogContent bool
}

// keyPrefix begins a key's hash.
const keyPrefix = "sha256:"

// HashKey returns what Client.Keys has for a key. Hashing once is enough for keys that
// are drawn at random from a large space, and for no others.
func HashKey(key string) string {
	sum := sha256.Sum256([]byte(key))
	return keyPrefix + hex.EncodeToString(sum[:])
}

// keyHash is the hash of a key.
type keyHash [sha256.Size]byte

// parseKeyHash reads what HashKey writes. The error never has the text, which may be a
// key that somebody has forgotten to hash.
func parseKeyHash(text string) (h keyHash, err error) {
	digits, ok := strings.CutPrefix(text, keyPrefix)
	if !ok || len(digits) != hex.EncodedLen(len(h)) {
		return h, errors.New(`is no hash; write "sha256:" and the 64 hexadecimal digits of the key's SHA-256`)
	}
	if _, err := hex.Decode(h[:], []byte(digits)); err != nil {
		return h, errors.New("has a digit that is not hexadecimal; hash the key again")
	}
	return h, nil
}

func validateClients(clients []Client) (faults []error) {
	names, keys := map[string]bool{}, map[keyHash]string{}
	for i, c := range clients {
		where := fmt.Sprintf("client %q", c.Name)
		switch {
		case c.Name == "":
			where = fmt.Sprintf("client %d", i+1)
			faults = append(faults, fmt.Errorf("%s has no name; give it one", where))
		case names[c.Name]:
			faults = append(faults, fmt.Errorf("%s is there twice; rename one", where))
		}
		names[c.Name] = true
		if len(c.Keys) == 0 {
			faults = append(faults, fmt.Errorf("%s has no key; add the hash of one", where))
		}
		for n, text := range c.Keys {
			hash, err := parseKeyHash(text)
			if err != nil {
				faults = append(faults, fmt.Errorf("%s: key %d %w", where, n+1, err))
				continue
			}
			if other, taken := keys[hash]; taken && other != c.Name {
				faults = append(faults, fmt.Errorf("%s: key %d is client %q's too; make a new one", where, n+1, other))
			}
			keys[hash] = c.Name
		}
		if c.RequestsPerMinute < 0 || c.TokensPerMinute < 0 || c.MaxInFlight < 0 {
			faults = append(faults, fmt.Errorf("%s has a negative limit; write 0 for none", where))
		}
	}
	return faults
}

// member is a client under one configuration. It is never changed.
type member struct {
	Client
	account *account // the same under the next one
}

// members are the clients by the hashes of their keys. Finding one by a hash tells
// nothing of the others' keys, however long it takes. Nil: whoever comes is served.
type members map[keyHash]*member

// newMembers returns the clients of a configuration that follows another.
func newMembers(clients []Client, before members) members {
	if len(clients) == 0 {
		return nil
	}
	accounts := map[string]*account{}
	for _, m := range before {
		accounts[m.Name] = m.account
	}
	out, now := make(members), time.Now()
	for _, c := range clients {
		a := accounts[c.Name]
		if a == nil {
			a = &account{}
			accounts[c.Name] = a
		}
		a.configure(c, now)
		m := &member{Client: c, account: a}
		m.Keys, m.Providers, m.Models = nil, slices.Clone(c.Providers), slices.Clone(c.Models)
		for _, text := range c.Keys {
			if hash, err := parseKeyHash(text); err == nil {
				out[hash] = m
			}
		}
	}
	return out
}

// ClientStats is what a client uses of its limits now.
type ClientStats struct {
	Name string

	InFlight int
	Requests uint64            // that were sent to a provider
	Tokens   uint64            // as Client.TokensPerMinute has them
	Refused  map[string]uint64 // by code: what was refused for its limits, or as what it may not use
}

// Clients returns what each client uses, sorted by name.
func (g *Gateway) Clients() []ClientStats {
	seen := map[string]bool{}
	var out []ClientStats
	for _, m := range g.settings.Load().members {
		if !seen[m.Name] {
			seen[m.Name] = true
			out = append(out, m.account.stats(m.Name))
		}
	}
	slices.SortFunc(out, func(a, b ClientStats) int { return strings.Compare(a.Name, b.Name) })
	return out
}

// Strangers returns how many requests were refused because they showed no key of a
// client.
func (g *Gateway) Strangers() uint64 { return g.strangers.Load() }
