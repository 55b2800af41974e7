package config

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"math/big"
	"os"
	"path/filepath"
	"reflect"
	"strconv"
	"testing"
	"time"

	"pgregory.net/rapid"

	"bifrost/schemas"
)

func TestWithoutATableAndWithoutAProviderElsewhereThereIsNoNode(t *testing.T) {
	if f := mustParse(t, "[providers.a]\n"); f.Node != nil || f.Remote != nil {
		t.Errorf("got %+v and %v", f.Node, f.Remote)
	}
}

func TestAProviderElsewhereMakesANodeOnAFreePortOfLoopback(t *testing.T) {
	f := mustParse(t, "[providers.a]\nnode = \"127.0.0.1:7600\"\n")
	want := Node{Listen: "127.0.0.1:0", Advertise: "127.0.0.1:0", Credits: 1024}
	if !reflect.DeepEqual(*f.Node, want) {
		t.Errorf("got %+v, want %+v", *f.Node, want)
	}
	if got := mustParse(t, "[providers.a]\nnode = \"127.0.0.1:7600\"\n[node]\ncredits = 7\n").Node; got.Credits != 7 || got.Listen != "127.0.0.1:0" {
		t.Errorf("got %+v, want a free port for a table without listen, too", got)
	}
}

func TestANodeIsReadWithItsAddressesInOneSpelling(t *testing.T) {
	advertise := func(name string) (string, bool) { return "Node-2.Example:7601", name == "NODE_ADDRESS" }
	f := mustParse(t, `
[node]
listen = "[::]:7600"
advertise = "env.NODE_ADDRESS"
peers = ["[2001:DB8::0:3]:7600", "[::ffff:10.0.0.4]:7600", "NODE-5:1"]
credits = 3
[node.tls]
cert_file = "a.pem"
key_file = "a.key"
ca_file = "env.NODE_ADDRESS"
[providers.a]
`, WithLookupEnv(advertise))
	want := Node{Listen: "[::]:7600", Advertise: "node-2.example:7601", Credits: 3,
		Peers: []string{"[2001:db8::3]:7600", "10.0.0.4:7600", "node-5:1"},
		TLS:   NodeTLS{CertFile: "a.pem", KeyFile: "a.key", CAFile: "Node-2.Example:7601"}}
	if !reflect.DeepEqual(*f.Node, want) {
		t.Errorf("got  %+v\nwant %+v", *f.Node, want)
	}
}

func TestPlaintextOffLoopbackIsAChoice(t *testing.T) {
	f := mustParse(t, "[node]\nlisten = \"10.0.0.2:7600\"\nplaintext = true\n[providers.a]\nnode = \"10.0.0.3:7600\"\n")
	if !f.Node.Plaintext || f.Node.Advertise != "10.0.0.2:7600" {
		t.Errorf("got %+v", f.Node)
	}
}

func TestAProviderElsewhereIsNotPlannedHereAndMayBeNamed(t *testing.T) {
	f := mustParse(t, `
[models.fast]
targets = [{ model = "far/m" }]
[providers.near]
fallbacks = ["far/m"]
[providers.far]
node = ["127.0.0.1:7600", "localhost:7601"]
fallbacks = ["near/m", "far/n"]
[providers.other]
node = "127.0.0.1:7600"
fallback_on = ["timeout"]
`, WithTypes([]Type{{Name: "near"}}))
	if len(f.Providers) != 1 || f.Providers[0].Name != "near" {
		t.Errorf("got %v, want the provider that lives here alone", f.Providers)
	}
	if names, err := f.Account().GetConfiguredProviders(); err != nil || len(names) != 1 {
		t.Errorf("the account has %v, %v", names, err)
	}
	want := map[string]RemoteProvider{
		"far": {Nodes: []string{"127.0.0.1:7600", "localhost:7601"}, Fallbacks: []string{"near/m", "far/n"},
			FallbackOn: schemas.ProviderConfig{}.WithDefaults().FallbackOn},
		"other": {Nodes: []string{"127.0.0.1:7600"}, FallbackOn: []schemas.ErrorKind{schemas.KindTimeout}},
	}
	if !reflect.DeepEqual(f.Remote, want) {
		t.Errorf("got  %+v\nwant %+v", f.Remote, want)
	}
}

func TestAFileMayHaveNoProviderOfItsOwn(t *testing.T) {
	if f := mustParse(t, "[providers.a]\nnode = \"127.0.0.1:7600\"\n"); len(f.Providers) != 0 || len(f.Remote) != 1 {
		t.Errorf("got %v and %v", f.Providers, f.Remote)
	}
}

func TestPrintShowsTheNodeAndWhereProvidersLive(t *testing.T) {
	f := mustParse(t, `
[providers.far]
node = "10.0.0.3:7600"
fallback_on = ["timeout"]
[node]
listen = "10.0.0.2:7600"
peers = ["10.0.0.3:7600"]
tls = { cert_file = "a.pem", key_file = "a.key", ca_file = "ca.pem" }
`)
	want := `# resolved from "bifrost.toml"
initial_pool_size = 100
drop_excess_requests = false

[server]
listen = "127.0.0.1:8080"
allow_unauthenticated = false
max_body_bytes = 33554432
max_header_bytes = 65536
read_header_timeout = "10s"
body_timeout = "2m"
write_timeout = "1m"
idle_timeout = "2m"
shutdown_timeout = "30s"
shutdown_delay = "0s"
answer_timeout = "0s"
keep_alive = "0s"
refuse_unmeetable = true
log_level = "info"
watch = true

[admin]
listen = "127.0.0.1:8081"
ui = true
profiles = true

[access_log]
enabled = true
sample = 1.0

[node]
listen = "10.0.0.2:7600"
peers = ["10.0.0.3:7600"]
plaintext = false
credits = 1024

[node.tls]
cert_file = "a.pem"
key_file = "a.key"
ca_file = "ca.pem"

[providers.far]
node = ["10.0.0.3:7600"]
move_waiting = false
fallback_on = ["timeout"]
`
	if got := printed(t, f); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func TestLoadLooksIntoTheFilesOfANode(t *testing.T) {
	dir := t.TempDir()
	cert, key := selfSigned(t)
	_, otherKey := selfSigned(t)
	for name, text := range map[string][]byte{"node.pem": cert, "node.key": key, "other.key": otherKey, "text.pem": []byte("secret"), "ca.pem": cert} {
		if err := os.WriteFile(filepath.Join(dir, name), text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	const noFile = "cannot be opened; name a PEM file that this process may read"
	for _, c := range []struct{ cert, key, ca, want string }{
		{"node.pem", "node.key", "ca.pem", ""},
		{"missing", "node.key", "ca.pem", "4: node.tls.cert_file: " + noFile},
		{"node.pem", "missing", "ca.pem", "5: node.tls.key_file: " + noFile},
		{"node.pem", "node.key", "missing", "6: node.tls.ca_file: " + noFile},
		{"node.pem", ".", "ca.pem", "5: node.tls.key_file: is no file; name a PEM file"},
		{"text.pem", "node.key", "ca.pem", "4: node.tls.cert_file: has no certificate in PEM form; name the file of the certificate"},
		{"node.pem", "other.key", "ca.pem", "5: node.tls.key_file: is not the private key of the certificate in cert_file; name the file that was made with it"},
		{"node.pem", "text.pem", "ca.pem", "5: node.tls.key_file: is not the private key of the certificate in cert_file; name the file that was made with it"},
		{"node.pem", "node.key", "text.pem", "6: node.tls.ca_file: has no certificate in PEM form; name the file of the authority's certificate"},
	} {
		path := filepath.Join(dir, "bifrost.toml")
		text := "[node]\nlisten = '10.0.0.2:7600'\n[node.tls]\ncert_file = '" + filepath.Join(dir, c.cert) + "'\nkey_file = '" +
			filepath.Join(dir, c.key) + "'\nca_file = '" + filepath.Join(dir, c.ca) + "'\n[providers.a]\n"
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		_, err := Load(path)
		if c.want == "" && err != nil || c.want != "" && (err == nil || err.Error() != path+":"+c.want) {
			t.Errorf("%+v: got %v", c, err)
		}
		if _, err := Parse("f", []byte(text), TOML); err != nil {
			t.Errorf("Parse looks into a file: %v", err)
		}
	}
}

// selfSigned makes a certificate and its key, in PEM.
func selfSigned(t *testing.T) (cert, key []byte) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, private.Public(), private)
	if err != nil {
		t.Fatal(err)
	}
	secret, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: secret})
}

func TestAnAddressHasOneCanonicalForm(t *testing.T) {
	for text, want := range map[string]string{
		"10.0.0.2:7600": "10.0.0.2:7600", "[::1]:1": "[::1]:1", "[FE80::1%eth0]:1": "[fe80::1%eth0]:1", "Host.Example:0": "host.example:0",
		":65535": ":65535", "[::ffff:10.0.0.2]:1": "10.0.0.2:1",
		"": "", "h": "", "h:": "", "h:01": "", "h:+1": "", "h:65536": "", "h:1:2": "", "::1:1": "", "[h]:1": "", "[10.0.0.2]:1": "", "10.0.0:1": "",
		"http://h:1": "", "h:http": "", "a b:1": "", "[fe80::1%a b]:1": "", "h/x:1": "", "u@h:1": "", "[]:1": "",
	} {
		a, ok := parseAddress(text)
		if ok != (want != "") || a.String() != want {
			t.Errorf("%q: got %q, %v, want %q", text, a, ok, want)
		}
	}
}

func FuzzAddress(f *testing.F) {
	for _, text := range []string{"10.0.0.2:7600", "[fe80::1%eth0]:1", ":0", "Host:1", "[::ffff:1.2.3.4]:5", "http://h:1"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		a, ok := parseAddress(text)
		if !ok {
			return
		}
		again, ok := parseAddress(a.String())
		if !ok || again != a {
			t.Errorf("%q became %q, which became %q", text, a, again)
		}
	})
}

// drawNode makes the table of a node off loopback.
func drawNode(t *rapid.T) map[string]any {
	node := map[string]any{"listen": rapid.SampledFrom([]string{"10.0.0.2:7600", "[2001:DB8::1]:0", "Host-2:7600"}).Draw(t, "node listen")}
	maybe(t, node, "advertise", rapid.SampledFrom([]string{"10.0.0.2:7600", "[2001:db8::2]:1"}))
	maybe(t, node, "peers", rapid.SliceOfDistinct(rapid.Map(rapid.IntRange(1, 65535), func(port int) string {
		return (address{"10.0.0.3", strconv.Itoa(port)}).String()
	}), rapid.ID))
	drawMembership(t, node)
	maybe(t, node, "credits", rapid.IntRange(1, schemas.MaxSize))
	if rapid.Bool().Draw(t, "has tls") {
		node["tls"] = map[string]any{"cert_file": "a.pem", "key_file": "a b.key", "ca_file": "ca.pem"}
		maybe(t, node, "plaintext", rapid.Just(false))
	} else {
		node["plaintext"] = true
	}
	return node
}

// drawRemote makes a provider that lives on loopback, which a node anywhere reaches, or
// on any node where one may be found.
func drawRemote(t *rapid.T, node map[string]any) map[string]any {
	homes := []any{"127.0.0.1:7601", []string{"localhost:1", "[::1]:1"}}
	for _, key := range []string{"discover", "etcd", "gossip"} {
		if node[key] != nil {
			homes = append(homes, AnyNode)
		}
	}
	p := map[string]any{"node": rapid.SampledFrom(homes).Draw(t, "node")}
	maybe(t, p, "fallbacks", rapid.Just([]string{"Elsewhere/b"}))
	maybe(t, p, "fallback_on", rapid.Just([]string{"overloaded"}))
	return p
}
