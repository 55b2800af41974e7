package config

import (
	"errors"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// seeds adds the reference, the specification's example and every bad file.
func seeds(f *testing.F, bad ...string) {
	for _, path := range append(bad, "../bifrost.toml", "testdata/specification.json") {
		data, err := os.ReadFile(path)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
		f.Add([]byte(everythingOn(string(data))))
		for _, c := range strings.Split(string(data), "\n== ") {
			_, text, _ := strings.Cut(c, "\n")
			text, _, _ = strings.Cut(text, "-- faults\n")
			f.Add([]byte(text))
		}
	}
}

// checkParse parses data and holds the result against what Parse promises.
func checkParse(t *testing.T, data []byte, format Format) {
	t.Helper()
	f, err := Parse("f", data, format, WithLookupEnv(testEnv))
	if err == nil {
		if len(f.Providers)+len(f.Remote) == 0 {
			t.Error("no provider and no fault")
		}
		checkNode(t, f)
		for _, p := range f.Providers {
			if err := p.Config.Validate(); err != nil {
				t.Errorf("accepted what Init refuses: %v", err)
			}
		}
		checkDeployment(t, f)
		checkPrint(t, f)
		root, _ := decode(data, format)
		if err := schemaOnce(t).Validate(plainValue(root)); err != nil {
			t.Errorf("the schema refuses what is accepted: %v", err)
		}
		return
	}
	var all Errors
	if !errors.As(err, &all) || f != nil {
		t.Fatalf("got %v and %T", f, err)
	}
	last := 1 + strings.Count(string(data), "\n")
	for i, fault := range all {
		if fault.File != "f" || fault.Line < 1 || fault.Line > last || fault.Message == "" {
			t.Errorf("got fault %+v of %d lines", fault, last)
		}
		if i > 0 && all[i-1].Line > fault.Line {
			t.Errorf("faults are not in order: %v", err)
		}
	}
}

// checkNode holds the addresses of a file without faults against what Node promises.
func checkNode(t *testing.T, f *File) {
	t.Helper()
	if f.Node == nil {
		if len(f.Remote) > 0 {
			t.Error("a provider on another node, and no node here")
		}
		return
	}
	own, ok := parseAddress(f.Node.Advertise)
	if listen, fine := parseAddress(f.Node.Listen); !ok || !fine || own.everywhere() || listen.String() != f.Node.Listen {
		t.Errorf("got addresses %q and %q", f.Node.Listen, f.Node.Advertise)
	}
	others := slices.Clone(f.Node.Peers)
	for name, p := range f.Remote {
		if len(p.Nodes) == 0 {
			t.Errorf("%q lives nowhere", name)
		}
		if slices.Equal(p.Nodes, []string{AnyNode}) {
			continue
		}
		others = append(others, p.Nodes...)
	}
	checkSources(t, f.Node)
	for _, text := range others {
		a, ok := parseAddress(text)
		if !ok || a.String() != text || a.everywhere() || a.port == "0" || a == own || own.loopback() && !a.loopback() {
			t.Errorf("got the address %q of another node beside %q", text, f.Node.Advertise)
		}
		if !a.loopback() && !f.Node.Plaintext && f.Node.TLS == (NodeTLS{}) {
			t.Errorf("nothing encrypts what goes to %q", text)
		}
	}
}

// checkSources holds what finds other nodes against what Node promises.
func checkSources(t *testing.T, n *Node) {
	t.Helper()
	if e := n.Etcd; e != nil && (len(e.Endpoints) == 0 || !strings.HasSuffix(e.Prefix, "/") || e.TTL < time.Second ||
		(e.Username == "") != (e.Password == "") || (e.CertFile == "") != (e.KeyFile == "")) {
		t.Errorf("got etcd at %q under %q for %v", e.Endpoints, e.Prefix, e.TTL)
	}
	if g := n.Gossip; g != nil {
		bind, ok := parseAddress(g.Bind)
		advertise, fine := parseAddress(g.Advertise)
		if !ok || !fine || advertise.everywhere() || len(g.Key) == 0 && !bind.loopback() {
			t.Errorf("got gossip on %q at %q with a key of %d bytes", g.Bind, g.Advertise, len(g.Key))
		}
	}
}

// checkDeployment holds a file without faults against what Server and Client promise.
func checkDeployment(t *testing.T, f *File) {
	t.Helper()
	if err := f.CheckListen(f.Server.Listen); err != nil {
		t.Error(err)
	}
	if f.Admin.Listen != Off && f.Admin.Token == "" && !f.Admin.TLS.asksClients() && !isLoopback(f.Admin.Listen) {
		t.Errorf("whoever reaches %q can change what runs", f.Admin.Listen)
	}
	for _, c := range f.Clients {
		if len(c.Keys) == 0 {
			t.Errorf("client %q has no key", c.Name)
		}
		for _, k := range c.Keys {
			if _, ok := hashOf(k); !ok {
				t.Errorf("client %q has a key that is no hash", c.Name)
			}
		}
	}
	for code, status := range f.Server.Statuses {
		if status < leastStatus || status > mostStatus || !slices.Contains(StatusCodes(), code) {
			t.Errorf("got status %d of %q", status, code)
		}
	}
}

var compileSchema sync.Once

var fuzzSchema *jsonschema.Schema

func schemaOnce(t *testing.T) *jsonschema.Schema {
	compileSchema.Do(func() { fuzzSchema = compiled(t, nil) })
	return fuzzSchema
}

func checkPrint(t *testing.T, f *File) {
	t.Helper()
	text := printed(t, f)
	if _, err := Parse("printed", []byte(text), TOML, WithLookupEnv(testEnv)); err != nil {
		t.Errorf("what was printed does not load: %v\n%s", err, text)
	}
}

func FuzzTOML(f *testing.F) {
	seeds(f, "testdata/bad/structure.txt", "testdata/bad/syntax.txt", "testdata/bad/keys.txt", "testdata/bad/lines.txt",
		"testdata/bad/network.txt", "testdata/bad/nodes.txt", "testdata/bad/membership.txt", "testdata/bad/simulation.txt", "testdata/bad/deployment.txt")
	f.Fuzz(func(t *testing.T, data []byte) {
		checkParse(t, data, TOML)
		text := strings.TrimPrefix(string(data), "\xef\xbb\xbf")
		if notText(text) >= 0 {
			return
		}
		lines := newLineTable(text)
		x := scanTOML(text, lines)
		if x.deep != nil {
			return
		}
		tree, err := parseTOML(text)
		if err != nil {
			return
		}
		if missing := unplaced(tree, x.root, ""); len(missing) > 0 {
			t.Errorf("no line for %q", missing)
		}
		all := strings.Split(text, "\n")
		for _, m := range x.marks {
			if line := all[m.line-1]; m.at.item < 0 && !strings.Contains(line, `\`) && !strings.Contains(line, m.at.name) {
				t.Errorf("%s is not on line %d: %q", m.at.path(), m.line, line)
			}
		}
	})
}

func FuzzJSON(f *testing.F) {
	seeds(f, "testdata/bad/json.txt", "testdata/bad/deployment_json.txt")
	f.Fuzz(func(t *testing.T, data []byte) {
		checkParse(t, data, JSON)
		root, faults := decode(data, JSON)
		if root == nil || len(faults) > 0 {
			return
		}
		checkNames(t, root, strings.Split(string(data), "\n"))
	})
}

// checkNames checks that each name of the tree is on the line that it has.
func checkNames(t *testing.T, n *node, lines []string) {
	t.Helper()
	for _, e := range n.elements {
		checkNames(t, e, lines)
	}
	for _, m := range n.members {
		line := lines[m.node.line-1]
		if !strings.Contains(line, `\`) && !strings.Contains(line, `"`+m.name+`"`) {
			t.Errorf("%q is not on line %d: %q", m.name, m.node.line, line)
		}
		checkNames(t, m.node, lines)
	}
}
