package config

import (
	"os"
	"path/filepath"
	"testing"
)

func TestLoadLooksIntoTheFilesOfAuthorities(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) string {
		p := filepath.Join(dir, name)
		if err := os.WriteFile(p, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return p
	}
	text := "[providers.a.network_config]\nca_file = '" + filepath.Join(dir, "missing.pem") + "'\n" +
		"[providers.b.network_config]\n\nca_file = '" + write("text.pem", "secret") + "'\n"
	path := write("bifrost.toml", text)
	_, err := Load(path)
	want := path + ":2: providers.a.network_config.ca_file: cannot be opened; name a PEM file that this process may read\n" +
		path + ":5: providers.b.network_config.ca_file: has no certificate in PEM form; name the file of the authority's certificate"
	if err == nil || err.Error() != want {
		t.Errorf("got\n%v\nwant\n%s", err, want)
	}
	good := write("good.pem", certificate)
	f, err := Load(write("good.toml", "[providers.a.network_config]\nca_file = '"+good+"'\n"))
	if err != nil || provider(t, f, "a").Config.NetworkConfig.CAFile != good {
		t.Errorf("%v, %v", f, err)
	}
	if _, err := Parse("bifrost.toml", []byte(text), TOML); err != nil {
		t.Errorf("Parse looks into a file: %v", err)
	}
}

// certificate is of an authority whose key was thrown away.
const certificate = `-----BEGIN CERTIFICATE-----
MIIBijCCAS+gAwIBAgIUV14GyZfXlHoO/CAyfI7HEU+SWAUwCgYIKoZIzj0EAwIw
GTEXMBUGA1UEAwwOVGVzdCBhdXRob3JpdHkwIBcNMjYxMTI1MDcxNTEzWhgPMjEy
NjExMDEwNzE1MTNaMBkxFzAVBgNVBAMMDlRlc3QgYXV0aG9yaXR5MFkwEwYHKoZI
zj0CAQYIKoZIzj0DAQcDQgAE33WNUaNiNwQECJg4EsDYrphF8GJ3/8EJhtgWjuKN
qYNcq6RLLXFNde3RqP3ZQGEiQGETAhXoy7chXf4AuwLyl6NTMFEwHQYDVR0OBBYE
FM9a8IIiB5FFVlI6xb6dYNUFpf82MB8GA1UdIwQYMBaAFM9a8IIiB5FFVlI6xb6d
YNUFpf82MA8GA1UdEwEB/wQFMAMBAf8wCgYIKoZIzj0EAwIDSQAwRgIhAJ6OZ8xL
b3VVRn37WD7OgTLn3dlEex0AyLK+rVnaqCOYAiEAjy3PvmE15cgUWy5bHtguRhAQ
Hjx4m0a8Zgfz6QeLqGU=
-----END CERTIFICATE-----
`
