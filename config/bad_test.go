package config

import (
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// testGossipKey is 32 bytes in base64.
const testGossipKey = "secretsecretsecretsecretsecretsecretsecrets="

// testEnv has what the tests' references ask for.
func testEnv(name string) (string, bool) {
	v, ok := map[string]string{
		"OPENAI_API_KEY":        "sk-secret-openai",
		"MY_SERVICE_API_KEY":    "sk-secret-service",
		"AWS_ACCESS_KEY_ID":     "AKIA-secret",
		"AWS_SECRET_ACCESS_KEY": "secret-of-aws",
		"AWS_SESSION_TOKEN":     "secret-token",
		"AZURE_OPENAI_API_KEY":  "secret-of-azure",
		"AZURE_TENANT_ID":       "11111111-2222-3333-4444-555555555555",
		"AZURE_CLIENT_ID":       "66666666-7777-8888-9999-000000000000",
		"AZURE_CLIENT_SECRET":   "secret-of-an-application",
		"ETCD_USERNAME":         "bifrost",
		"ETCD_PASSWORD":         "secret-of-etcd",
		"BIFROST_GOSSIP_KEY":    testGossipKey,
		"BIFROST_ADMIN_TOKEN":   "secret-of-operators",
		"OTLP_AUTHORIZATION":    "Bearer secret-of-a-collector",
		"CLIENT_KEY":            "bf-secret-of-a-client",
		"CLIENT_HASH":           "sha256:" + strings.Repeat("AB", 32),
		"EMPTY":                 "",
		"WITH_LINE_END":         "sk-secret\n",
		"HOST_URL":              "http://10.0.0.1:8000",
	}[name]
	return v, ok
}

// testTypes are what the files named types… are read with.
var testTypes = []Type{{Name: "openai", NeedsKey: true}, {Name: "ollama"}, {Name: "simulated", Simulated: true}}

type badFile struct{ name, text, want string }

// badFiles reads a file of cases, each "== name", the text, "-- faults" and the
// exact faults.
func badFiles(t *testing.T, path string) []badFile {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var files []badFile
	for _, c := range strings.Split("\n"+string(data), "\n== ")[1:] {
		name, rest, _ := strings.Cut(c, "\n")
		text, want, ok := strings.Cut("\n"+rest, "\n-- faults\n")
		if !ok {
			t.Fatalf("%s: %s: no faults", path, name)
		}
		files = append(files, badFile{name, strings.TrimPrefix(text, "\n"), strings.TrimSpace(want)})
	}
	return files
}

func TestEachBadFileIsRefusedWithTheExactFileLineKeyAndAdvice(t *testing.T) {
	paths, err := filepath.Glob("testdata/bad/*.txt")
	if err != nil {
		t.Fatal(err)
	}
	total := 0
	for _, path := range paths {
		name, format, opts := "bifrost.toml", TOML, []Option{WithLookupEnv(testEnv)}
		if strings.HasSuffix(path, "json.txt") {
			name, format = "bifrost.json", JSON
		}
		if strings.HasPrefix(filepath.Base(path), "types") {
			opts = append(opts, WithTypes(testTypes))
		}
		for _, c := range badFiles(t, path) {
			total++
			t.Run(filepath.Base(path)+"/"+c.name, func(t *testing.T) {
				f, err := Parse(name, []byte(c.text), format, opts...)
				if err == nil {
					t.Fatal("no fault")
				}
				if f != nil {
					t.Error("a file came with the faults")
				}
				if err.Error() != c.want {
					t.Errorf("got\n%v\nwant\n%s", err, c.want)
				}
				if text := strings.NewReplacer("secret_access_key", "", "client_secret", "").Replace(err.Error()); strings.Contains(text, "secret") || strings.Contains(text, "42424242") {
					t.Errorf("a secret is in %q", text)
				}
			})
		}
	}
	if total < 140 {
		t.Errorf("only %d bad files were tried", total)
	}
}

// TestEveryTableHasABadFile sees that no table of the file is without one.
func TestEveryTableHasABadFile(t *testing.T) {
	paths, err := filepath.Glob("testdata/bad/*.txt")
	if err != nil {
		t.Fatal(err)
	}
	var all strings.Builder
	for _, path := range paths {
		for _, c := range badFiles(t, path) {
			all.WriteString(c.want + "\n")
		}
	}
	tables := map[string]string{}
	fileSection.layout().document("", tables)
	for table := range tables {
		if table == topLevel {
			table = "initial_pool_size"
		}
		quoted := regexp.QuoteMeta(table)
		quoted = strings.ReplaceAll(quoted, "NAME", `("[^"]+"|[^.:" ]+)`)
		if !regexp.MustCompile(`(?m): ` + quoted + `(\[\d+\])?[.:]`).MatchString(all.String()) {
			t.Errorf("no bad file is about %s", table)
		}
	}
}

func TestATypeWhoseAccountsHaveTheirOwnAddressesNeedsOne(t *testing.T) {
	types := WithTypes([]Type{{Name: "cloud", NeedsKey: true, OwnURL: "https://host/ACCOUNT_ID"}})
	const key, url = "keys = [{ value = \"k\" }]\n", "network_config.base_url = \"https://host/1\"\n"
	const want = "f:1: providers.cloud.network_config.base_url: is missing, and each account of type cloud has its own; " +
		`set it, as in "https://host/ACCOUNT_ID"`
	if _, err := Parse("f", []byte("[providers.cloud]\n"+key), TOML, types); err == nil || err.Error() != want {
		t.Errorf("got  %v\nwant %s", err, want)
	}
	if _, err := Parse("f", []byte("[providers.cloud]\n"+key+url), TOML, types); err != nil {
		t.Error(err)
	}
}

func TestTextThatIsNotPlainUTF8IsRefusedWithItsLine(t *testing.T) {
	for _, c := range []struct{ name, text, want string }{
		{"UTF-16", "\xff\xfe[\x00p\x00", "f:1: is not UTF-8 text; save the file as UTF-8"},
		{"a zero byte", "[providers.a]\n#\x00\n", "f:2: is not UTF-8 text; save the file as UTF-8"},
		{"a stray byte", "[providers.a]\n\ntype = \"\xff\"\n", "f:3: is not UTF-8 text; save the file as UTF-8"},
		{"a control character", "[providers.a]\ntype = \"open\x01ai\"\n", `f:2: providers.a.type: has a control character; write an escape such as \n`},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := Parse("f", []byte(c.text), TOML, WithLookupEnv(testEnv))
			if err == nil || err.Error() != c.want {
				t.Errorf("got %v, want %s", err, c.want)
			}
		})
	}
}

func TestNestingBeyondTheLimitIsRefusedBeforeItIsDecoded(t *testing.T) {
	n := 1 << 20
	for name, c := range map[string]struct {
		text   string
		format Format
		want   string
	}{
		"lists in TOML":       {"\na = " + strings.Repeat("[", n), TOML, "f:2: a[0][0]"},
		"tables in TOML":      {"\n" + strings.Repeat("a={", n), TOML, "f:2: a.a.a"},
		"a dotted TOML key":   {"\n[x]\n" + strings.Repeat("a.", n) + "a = 1", TOML, "f:3: x: is nested deeper"},
		"a dotted TOML table": {"\n[" + strings.Repeat("a.", n) + "a]", TOML, "f:2: is nested deeper"},
		"lists in JSON":       {"{\"a\":\n" + strings.Repeat("[", n), JSON, "f:2: a[0][0]"},
		"objects in JSON":     {"{\"a\":\n" + strings.Repeat(`{"a":`, n), JSON, "f:2: a.a.a"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := Parse("f", []byte(c.text), c.format, WithLookupEnv(testEnv))
			if err == nil || !strings.HasPrefix(err.Error(), c.want) || !strings.HasSuffix(err.Error(), tooDeep) {
				t.Errorf("got %.200v, want %s…", err, c.want)
			}
		})
	}
}

func TestAFaultCanBeFoundInTheErrorsByItsType(t *testing.T) {
	_, err := Parse("f.toml", []byte("[providers.a]\nmax_waiting = 0\ntypo = 1\n"), TOML, WithLookupEnv(testEnv))
	var all Errors
	if !errors.As(err, &all) || len(all) != 2 {
		t.Fatalf("got %v, want two faults", err)
	}
	var first *Fault
	if !errors.As(err, &first) {
		t.Fatal("no *Fault in the error")
	}
	if first.File != "f.toml" || first.Line != 2 || first.Key != "providers.a.max_waiting" {
		t.Errorf("got %+v", first)
	}
}
