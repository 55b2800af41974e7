package config

import (
	"cmp"
	"encoding/hex"
	"errors"
	"slices"
	"strings"

	"bifrost/schemas"
)

// hashPrefix begins the hash of a client's key.
const hashPrefix = "sha256:"

// String returns the client's name only: its keys are hashes, and still nobody's business.
func (c Client) String() string { return "client " + c.Name }

// GoString is String.
func (c Client) GoString() string { return c.String() }

// aRate is what a client's limit may be.
func aRate(unit, example string) wholeBounds {
	return wholeBounds{least: 1, most: maxRate, otherwise: "leave it out for no limit", example: example, unit: unit}
}

const maxRate = 1_000_000_000

var clientSection = section[Client]{check: checkClient, fields: []field[Client]{
	custom("keys", hashesShape(), readHashes).
		required("hashes of its keys; several while one replaces another. `bifrost keys new` makes a key and its hash, `bifrost keys hash` the hash of a key that there is",
			"`sha256:` and 64 hexadecimal digits, at least one, none twice in the file"),
	names("providers", `"openai"`, func(c *Client) *[]string { return &c.Providers }).
		doc("all", "the providers that it may use", "names of providers in the file, none twice"),
	names("models", `"openai/gpt-4o-mini"`, func(c *Client) *[]string { return &c.Models }).
		doc("all", "the models that it may use", "\"provider/model\" of the providers that it may use, a name under `[models]`, or the beginning of either with `*` at its end; none twice"),
	whole("requests_per_minute", aRate("requests", "600"), func(c *Client) *int { return &c.RequestsPerMinute }).
		doc("no limit", "the most requests in a minute"),
	whole("tokens_per_minute", aRate("tokens", "200000"), func(c *Client) *int { return &c.TokensPerMinute }).
		doc("no limit", "the most tokens in a minute, of requests and answers together"),
	whole("max_in_flight", aRate("requests", "20"), func(c *Client) *int { return &c.MaxInFlight }).
		doc("no limit", "the most requests at once"),
	truth("log_content", func(c *Client, v bool) { c.LogContent = v }).
		doc("`false`", "the log may have its requests and answers"),
}}

func hashesShape() shape {
	one := ofReference().like(`^(sha256:[0-9a-fA-F]{64}|env\.[A-Za-z_][A-Za-z0-9_]*|\*{4})$`)
	return shape{"list of " + one.words, object{"type": "array", "items": one.schema, "minItems": 1}, ""}
}

func checkClient(r *reader, table value, has given, _ *Client) {
	if _, ok := has["keys"]; !ok {
		r.fault(table.line, table.at.key("keys"), `is missing; "bifrost keys new" makes a key and the line for it`)
	}
}

const exampleHash = `"sha256:…"`

// readHashes reads the hashes of a client's keys. What is no hash may be the key itself,
// and is not shown.
func readHashes(r *reader, v value, into *Client) {
	if !r.want(v, kindList, "["+exampleHash+"]") {
		return
	}
	if len(v.elements) == 0 {
		r.fault(v.line, v.at, `is empty; "bifrost keys new" makes a key and the line for it`)
	}
	for i, e := range v.elements {
		e := value{e, v.at.item(i)}
		text, ok := r.reference(e, exampleHash)
		if !ok {
			continue
		}
		hash, ok := hashOf(text)
		if !ok {
			r.fault(e.line, e.at, `must be the hash of a key, "sha256:" and 64 hexadecimal digits, never the key itself; `+
				`"bifrost keys new" makes a key and its hash, "bifrost keys hash" the hash of a key that there is`)
			continue
		}
		into.Keys = append(into.Keys, hash)
		r.hashes = append(r.hashes, hashAt{e, hash})
	}
}

// hashAt is a hash and where the file has it.
type hashAt struct {
	value
	hash string
}

// hashOf returns a hash in its one spelling. What Print wrote instead of one is a hash
// that no key has.
func hashOf(text string) (string, bool) {
	if text == mask {
		return text, true
	}
	digits, ok := strings.CutPrefix(text, hashPrefix)
	digits = strings.ToLower(digits)
	sum, err := hex.DecodeString(digits)
	return hashPrefix + digits, ok && err == nil && len(sum) == 32
}

// readClients reads the table of clients, each under its own name.
func readClients(r *reader, v value, into *File) {
	if !r.want(v, kindTable, "") {
		return
	}
	for _, m := range v.members {
		c := Client{Name: m.name}
		child := value{m.node, v.at.key(m.name)}
		if err := CheckClientName(m.name); err != nil {
			r.fault(child.line, child.at, "%v", err)
		}
		clientSection.read(r, child, &c)
		into.Clients = append(into.Clients, c)
	}
	slices.SortFunc(into.Clients, func(a, b Client) int { return cmp.Compare(a.Name, b.Name) })
}

// checkClients sees that no two clients have the same key, and that what they may use
// is there.
func checkClients(r *reader, root value, into *File) {
	first := map[string]int{}
	for _, h := range r.hashes {
		if before, again := first[h.hash]; again && h.hash != mask {
			r.fault(h.line, h.at, "is the same as that on line %d; give each client its own key", before)
		} else if !again {
			first[h.hash] = h.line
		}
	}
	clients, ok := root.member("clients")
	if !ok || clients.kind != kindTable {
		return
	}
	for _, m := range clients.members {
		client := value{m.node, clients.at.key(m.name)}
		allowed := client.textsOf("providers")
		for _, p := range allowed {
			if !into.hasProvider(p.text) {
				r.fault(p.line, p.at, "is no provider of this file; add it under providers, or correct the name")
			}
		}
		for _, m := range client.textsOf("models") {
			into.checkAllowed(r, m, allowed)
		}
	}
}

// textsOf returns the texts of a list.
func (v value) textsOf(name string) []value {
	list, ok := v.member(name)
	if !ok || list.kind != kindList {
		return nil
	}
	var texts []value
	for i, e := range list.elements {
		if e.kind == kindText && strings.TrimSpace(e.text) != "" {
			texts = append(texts, value{e, list.at.item(i)})
		}
	}
	return texts
}

// checkAllowed looks at one of the models that a client may use.
func (f *File) checkAllowed(r *reader, v value, allowed []value) {
	name, all := strings.CutSuffix(v.text, "*")
	provider, _, qualified := strings.Cut(name, "/")
	switch {
	case strings.Contains(name, "*"):
		r.fault(v.line, v.at, `has a "*" that is not at its end; write the beginning of the names, such as "openai/gpt-4o*"`)
	case name == "":
		r.fault(v.line, v.at, `is every model; leave models out, or write "provider/*"`)
	case !qualified && f.hasAlias(name, all):
	case !qualified:
		r.fault(v.line, v.at, `is no alias of this file; write "provider/model", add it under models, or correct the name`)
	case !all && schemas.CheckFallback(name) != nil || provider == "":
		r.fault(v.line, v.at, `must be "provider/model", an alias, or either with "*" at the end`)
	case !f.hasProvider(provider):
		r.fault(v.line, v.at, "names a provider that is not in this file; add it under providers, or correct the name")
	case len(allowed) > 0 && !slices.ContainsFunc(allowed, func(p value) bool { return p.text == provider }):
		r.fault(v.line, v.at, "is of a provider that is not in providers, so that the client could not use it; add it there, or remove it here")
	}
}

// hasAlias reports whether there is an alias of that name, or one that begins with it.
func (f *File) hasAlias(name string, beginning bool) bool {
	for alias := range f.Bifrost.Models {
		if alias == name || beginning && strings.HasPrefix(alias, name) {
			return true
		}
	}
	return false
}

// CheckClientName returns nil, or what is wrong with the name of a client. The error
// continues a sentence that begins with its place.
func CheckClientName(name string) error {
	if isProviderName(name) {
		return nil
	}
	return errors.New(`must have a name without "/", white space or control characters, such as team-a`)
}
