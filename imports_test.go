package bifrost_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// The tests of this file hold the architecture: which package may import which,
// and a few rules of the house that no linter knows.

const (
	module = "bifrost"
	engine = "github.com/asynkron/protoactor-go"

	// top is the floor of programs; everything is below it.
	top = 5
)

// A row places a package, or with "/..." a folder of packages, on its floor.
type row struct {
	floor int
	path  string // without the module's name; "." is the root package

	// may lists what it may import of this module, written as path is.
	may []string

	// engine and thirdParty allow the actor engine and other modules at all.
	engine, thirdParty bool

	// why completes the sentence "X must not import Y: …".
	why string

	// later marks a package that is planned but need not exist yet.
	later bool
}

// floors is the table; the first row that fits a package is its own.
var floors = []row{
	{floor: 0, path: "schemas", why: "the vocabulary is shared by all and knows only the standard library"},
	{floor: 0, path: "pool", why: "object pools know neither what they hold nor anything but the standard library"},

	{floor: 1, path: "mailbox", may: []string{"schemas"},
		why: "the queue knows neither the engine nor providers, so that its bounds can be proved alone"},
	{floor: 1, path: "supervisor", may: []string{"schemas"}, engine: true, thirdParty: true,
		why: "a restart strategy sees failures and directives, not messages or providers"},
	{floor: 1, path: "config", may: []string{"schemas"}, thirdParty: true,
		why: "reading a file must not start or reach anything"},
	{floor: 1, path: "internal/wire", may: []string{"schemas"}, thirdParty: true,
		why: "a reader of events knows no dialect and no provider"},
	{floor: 1, path: "internal/httpx", may: []string{"schemas"}, thirdParty: true,
		why: "upstream HTTP carries bytes and knows no dialect"},
	{floor: 1, path: "internal/dialect", may: []string{"schemas", "internal/wire"}, thirdParty: true,
		why: "what the dialects share knows none of them"},
	{floor: 1, path: "internal/dialect/...", may: []string{"schemas", "internal/wire", "internal/dialect"}, thirdParty: true,
		why: "a dialect is a pure codec: no network, no actors, no other dialect"},

	{floor: 1, path: "remote/bifrostv1", thirdParty: true,
		why: "the messages of nodes are generated, and know only how they are written"},
	{floor: 1, path: "remote/certs",
		why: "certificates need nothing but the standard library"},
	{floor: 2, path: "remote/codec", may: []string{"schemas", "remote/bifrostv1"}, thirdParty: true,
		why: "the codec of nodes is pure: no network, no actors"},
	{floor: 2, path: "remote/guard", may: []string{"remote/bifrostv1"}, engine: true, thirdParty: true,
		why: "what comes in from a peer is judged before anything of ours sees it"},
	{floor: 2, path: "remote/lease", may: []string{"remote/bifrostv1"}, thirdParty: true,
		why: "who shares limits is a machine without clock and connection, so that it can be proved alone"},
	{floor: 2, path: "remote/discovery", thirdParty: true,
		why: "who looks for peers only reads lists, and speaks with none of them"},
	{floor: 2, path: "remote/discovery/etcd", may: []string{"remote/discovery"}, thirdParty: true,
		why: "who looks for peers only reads lists, and speaks with none of them"},
	{floor: 2, path: "remote/gossip", may: []string{"remote/bifrostv1"}, thirdParty: true,
		why: "membership carries small facts of nodes and no calls"},

	{floor: 2, path: "internal/adapter", may: []string{"schemas", "internal/dialect", "internal/httpx", "internal/wire"}, thirdParty: true,
		why: "what the adapters share knows a dialect by its interface only"},
	{floor: 2, path: "internal/surface", may: []string{"schemas", "internal/dialect", "internal/dialect/..."}, thirdParty: true,
		why: "the callers' side of the dialects sees neither adapters nor connections"},

	{floor: 2, path: "providers", may: []string{"schemas", "internal/...", "providers/..."}, thirdParty: true,
		why: "the registry puts adapters together and knows no actors"},
	{floor: 2, path: "providers/...", may: []string{"schemas", "internal/..."}, thirdParty: true,
		why: "an adapter knows its own provider only: no actors, no registry, no other adapter"},
	{floor: 2, path: "actors", may: []string{"schemas", "mailbox", "supervisor", "pool"}, engine: true, thirdParty: true,
		why: "actors see a schemas.Provider, never a concrete one, nor HTTP or files"},

	{floor: 3, path: ".", engine: true, thirdParty: true,
		may: []string{"schemas", "pool", "mailbox", "supervisor", "actors", "providers", "providers/...",
			"internal/dialect", "internal/dialect/openai", "internal/surface"},
		why: "a program that embeds Bifrost must not link the gateway, the nodes or the configuration file"},

	{floor: 4, path: "gateway", may: []string{".", "schemas", "internal/dialect", "internal/surface", "internal/dialect/...", "internal/wire"}, thirdParty: true,
		why: "the HTTP face uses the client as any program does: no actors, no adapters, no files"},
	{floor: 4, path: "remote", may: []string{".", "schemas", "actors", "remote/..."}, engine: true, thirdParty: true,
		why: "nodes carry the messages of actors and know neither HTTP nor adapters"},

	{floor: 4, path: "observe", may: []string{".", "schemas"}, thirdParty: true,
		why: "who watches sees a client as any program does, and its requests by hooks"},
	{floor: 4, path: "admin", may: []string{".", "schemas", "observe"}, thirdParty: true,
		why: "operators see a client and what watches it; what a reload is, the program says"},

	{floor: top, path: "cmd/bifrost", may: []string{"..."}, engine: true, thirdParty: true},
	{floor: top, path: "examples/embedded", may: []string{"..."}, engine: true, thirdParty: true},
	{floor: top, path: "examples/actors", may: []string{"..."}, engine: true, thirdParty: true},
	{floor: top, path: "cmd/...", may: []string{"..."}, engine: true, thirdParty: true, later: true},
	{floor: top, path: "examples/...", may: []string{"..."}, engine: true, thirdParty: true, later: true},

	{floor: top, path: "actors_test", why: "it holds tests only"},
	{floor: top, path: "faults_test", why: "it holds tests only"},
}

// isTestSupport reports whether a package is for tests to import, as
// providers/providertest is: its name ends in "test".
func isTestSupport(path string) bool {
	return strings.HasSuffix(path, "test") && !strings.HasSuffix(path, "_test")
}

// A library is a family of modules that has its place.
type library struct {
	prefixes []string
	allowed  func(row) bool
	why      string
}

var libraries = []library{
	{[]string{engine}, func(r row) bool { return r.engine },
		"the engine is known to supervisor, actors, the root, remote and programs only"},
	{[]string{"github.com/rs/zerolog"}, func(r row) bool { return r.floor >= 2 },
		"logging begins at floor 2; below it, return an error"},
	{[]string{"github.com/BurntSushi/toml", "github.com/tailscale/hujson"}, func(r row) bool { return r.path == "config" },
		"only config reads configuration files"},
	{[]string{"github.com/prometheus", "go.opentelemetry.io"}, func(r row) bool { return r.floor >= 4 },
		"metrics and tracing are attached at floors 4 and 5; below them, count in plain numbers"},
	{[]string{"github.com/spf13/cobra", "github.com/spf13/pflag"}, func(r row) bool { return r.floor == top },
		"command lines belong to programs"},
	{[]string{"go.etcd.io"}, func(r row) bool { return r.path == "remote/discovery/etcd" },
		"etcd's client is heavy; who wants etcd imports remote/discovery/etcd"},
	{[]string{"testing", "net/http/httptest"}, func(row) bool { return false },
		"testing must not reach production code; move the helper to a _test.go file or a test support package"},
}

// sharper reasons for edges that are tempting: importer, imported, why.
var sharper = [][3]string{
	{".", "gateway", "an embedding program would link an HTTP server it never starts"},
	{".", "remote", "remote starts first and hands its routers to Init"},
	{".", "config", "the client is configured by a struct; only programs read files"},
	{"actors", "providers", "actors see a schemas.Provider, never a concrete one"},
	{"gateway", "actors", "the gateway asks the client; what the client lacks belongs to the root package"},
	{"gateway", "config", "the gateway is configured by cmd, which is the one that reads files"},
	{"mailbox", "pool", "whoever sends a request owns it; the queue only passes it on"},
	{"mailbox", "supervisor", "packages of one floor do not know each other"},
	{"internal/httpx", "internal/wire", "packages of one floor do not know each other"},
}

// A listed package is what `go list` says of one.
type listed struct {
	ImportPath string
	Imports    []string
	Standard   bool
}

func TestImportsKeepTheFloors(t *testing.T) {
	for _, p := range goList(t, "./...") {
		for _, fault := range faultsOf(p) {
			t.Error(fault)
		}
	}
}

func TestEveryListedPackageExists(t *testing.T) {
	var paths []string
	for _, p := range goList(t, "./...") {
		paths = append(paths, local(p.ImportPath))
	}
	for _, r := range floors {
		exists := func(path string) bool { return fits(r.path, path) }
		if !r.later && !slices.ContainsFunc(paths, exists) {
			t.Errorf("%s is in the table of floors and does not exist: make it, or take its row out", r.path)
		}
	}
}

func TestProductionCodeNeverLinksTesting(t *testing.T) {
	for _, p := range goList(t, "-deps", ".", "./cmd/...") {
		if slices.Contains(p.Imports, "testing") && !p.Standard {
			t.Errorf("%s imports testing and is linked into production code", p.ImportPath)
		}
	}
}

// TestFloorsRefuseForbiddenEdges shows that the table can say no, and says why.
func TestFloorsRefuseForbiddenEdges(t *testing.T) {
	forbidden := []struct{ from, to, reason string }{
		{"schemas", "bifrost/pool", "standard library"},
		{"schemas", "github.com/google/uuid", "standard library"},
		{"pool", "github.com/rs/zerolog", "floor 2"},
		{"mailbox", engine + "/actor", "the engine"},
		{"mailbox", "bifrost/actors", "floor 2"},
		{"supervisor", "bifrost/mailbox", "restart strategy"},
		{"internal/dialect/openai", "bifrost/internal/dialect/anthropic", "no other dialect"},
		{"internal/dialect/openai", "bifrost/internal/httpx", "pure codec"},
		{"internal/httpx", "bifrost/internal/wire", "one floor"},
		{"providers/openai", "bifrost/providers/simulated", "no other adapter"},
		{"providers/openai", "bifrost/providers", "no registry"},
		{"providers", "bifrost/actors", "no actors"},
		{"actors", "bifrost/providers/openai", "never a concrete one"},
		{"actors", "github.com/BurntSushi/toml", "configuration files"},
		{".", "bifrost/gateway", "never starts"},
		{".", "bifrost/config", "only programs read files"},
		{".", "go.opentelemetry.io/otel/metric", "floors 4 and 5"},
		{"gateway", "bifrost/actors", "asks the client"},
		{"gateway", "bifrost/internal/httpx", "as any program does"},
		{"gateway", engine + "/actor", "the engine"},
		{"remote", "bifrost/gateway", "nor adapters"},
		{"cmd/bifrost", "bifrost/providers/providertest", "tests only"},
		{"providers/simulated", "testing", "production code"},
		{"unheard/of", "fmt", "no row"},
	}
	for _, edge := range forbidden {
		p := listed{ImportPath: absolute(edge.from), Imports: []string{edge.to}}
		if text := strings.Join(faultsOf(p), "\n"); !strings.Contains(text, edge.reason) {
			t.Errorf("%s -> %s: want a refusal with %q, got %q", edge.from, edge.to, edge.reason, text)
		}
	}
}

func TestFloorsAllowTheDesignedEdges(t *testing.T) {
	allowed := map[string][]string{
		"schemas":                 {"net/http", "log/slog"},
		"config":                  {"bifrost/schemas", "github.com/BurntSushi/toml", "github.com/tailscale/hujson"},
		"supervisor":              {"bifrost/schemas", engine + "/actor"},
		"internal/dialect/openai": {"bifrost/schemas", "bifrost/internal/wire", "github.com/tidwall/gjson"},
		"providers":               {"bifrost/providers/openai", "github.com/rs/zerolog"},
		"providers/simulated":     {"bifrost/schemas", "bifrost/internal/httpx", "bifrost/internal/dialect/openai"},
		"providers/providertest":  {"testing", "bifrost/schemas"},
		"actors":                  {"bifrost/mailbox", "bifrost/supervisor", "bifrost/pool", "bifrost/schemas", engine + "/actor"},
		".":                       {"bifrost/actors", "bifrost/providers", engine + "/actor"},
		"gateway":                 {"bifrost", "bifrost/internal/dialect/openai", "go.opentelemetry.io/otel"},
		"cmd/bifrost":             {"bifrost", "bifrost/config", "bifrost/gateway", "github.com/spf13/cobra"},
		"examples/embedded":       {"bifrost", "bifrost/providers/simulated"},
	}
	for from, imports := range allowed {
		for _, fault := range faultsOf(listed{ImportPath: absolute(from), Imports: imports}) {
			t.Error(fault)
		}
	}
}

// faultsOf returns a sentence for each import of p that the table forbids.
func faultsOf(p listed) []string {
	from := local(p.ImportPath)
	if isTestSupport(from) {
		return nil
	}
	at := slices.IndexFunc(floors, func(r row) bool { return fits(r.path, from) })
	if at < 0 {
		return []string{fmt.Sprintf("%s has no row in the table of floors: give it one, as low as it can stand", from)}
	}
	var faults []string
	for _, to := range p.Imports {
		if why := refusal(floors[at], from, to); why != "" {
			faults = append(faults, fmt.Sprintf("%s must not import %s: %s", from, to, why))
		}
	}
	return faults
}

// refusal says why a package of the row must not import to; "" if it may.
func refusal(r row, from, to string) string {
	for _, lib := range libraries {
		if slices.ContainsFunc(lib.prefixes, func(p string) bool { return under(p, to) }) {
			if lib.allowed(r) {
				return ""
			}
			return lib.why
		}
	}
	switch {
	case under(module, to):
		return upward(r, from, local(to))
	case strings.Contains(strings.SplitN(to, "/", 2)[0], ".") && !r.thirdParty:
		return r.why
	}
	return ""
}

// upward judges an edge inside this module.
func upward(r row, from, to string) string {
	if isTestSupport(to) {
		return "it is for tests only"
	}
	if slices.ContainsFunc(r.may, func(pattern string) bool { return fits(pattern, to) }) {
		return ""
	}
	for _, edge := range sharper {
		if edge[0] == from && (edge[1] == to || under(edge[1], to)) {
			return edge[2]
		}
	}
	at := slices.IndexFunc(floors, func(r row) bool { return fits(r.path, to) })
	if at >= 0 && floors[at].floor > r.floor {
		return fmt.Sprintf("that points up, from floor %d to floor %d; %s", r.floor, floors[at].floor, r.why)
	}
	return r.why
}

// fits reports whether path is what pattern names: itself, or with "/..." a
// package in its folder. "..." is everything.
func fits(pattern, path string) bool {
	folder, all := strings.CutSuffix(pattern, "/...")
	return pattern == "..." || pattern == path || all && strings.HasPrefix(path, folder+"/")
}

func under(prefix, path string) bool {
	return path == prefix || strings.HasPrefix(path, prefix+"/")
}

func local(importPath string) string {
	if importPath == module {
		return "."
	}
	return strings.TrimPrefix(importPath, module+"/")
}

func absolute(path string) string {
	if path == "." {
		return module
	}
	return module + "/" + path
}

// goList runs the go command, since only it knows build constraints.
func goList(t *testing.T, args ...string) []listed {
	t.Helper()
	args = append([]string{"list", "-json=ImportPath,Imports,Standard"}, args...)
	cmd := exec.Command("go", args...)
	var complaint strings.Builder
	cmd.Stderr = &complaint
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go %s: %v\n%s", strings.Join(args, " "), err, complaint.String())
	}
	var all []listed
	for dec := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p listed
		if err := dec.Decode(&p); errors.Is(err, io.EOF) {
			return all
		} else if err != nil {
			t.Fatal(err)
		}
		all = append(all, p)
	}
}

func TestNoFileIsLongerThan500Lines(t *testing.T) {
	eachFile(t, func(path string, set *token.FileSet, file *ast.File) {
		if lines := set.File(file.Pos()).LineCount(); lines > 500 {
			t.Errorf("%s has %d lines; is it one idea?", path, lines)
		}
	})
}

// Function literals count too: a long one is as hard to read.
func TestNoFunctionIsLongerThan80Lines(t *testing.T) {
	eachFile(t, func(path string, set *token.FileSet, file *ast.File) {
		ast.Inspect(file, func(n ast.Node) bool {
			switch n.(type) {
			case *ast.FuncDecl, *ast.FuncLit:
				from, to := set.Position(n.Pos()).Line, set.Position(n.End()).Line
				if lines := to - from + 1; lines > 80 {
					t.Errorf("%s:%d: a function of %d lines; give its parts names", path, from, lines)
				}
			}
			return true
		})
	})
}

// A test waits for a signal, or sleeps in the fake time of a synctest bubble.
func TestNoTestSleepsOutsideABubble(t *testing.T) {
	eachFile(t, func(path string, set *token.FileSet, file *ast.File) {
		if !strings.HasSuffix(path, "_test.go") || imports(file, "testing/synctest") || !imports(file, "time") {
			return
		}
		ast.Inspect(file, func(n ast.Node) bool {
			sel, ok := n.(*ast.SelectorExpr)
			if !ok || sel.Sel.Name != "Sleep" {
				return true
			}
			if x, ok := sel.X.(*ast.Ident); ok && x.Name == "time" {
				t.Errorf("%s: time.Sleep in a test without testing/synctest; wait for a signal", set.Position(n.Pos()))
			}
			return true
		})
	})
}

func imports(file *ast.File, path string) bool {
	return slices.ContainsFunc(file.Imports, func(s *ast.ImportSpec) bool { return s.Path.Value == `"`+path+`"` })
}

// eachFile visits every Go file of the checkout, nested modules included, that
// people write.
func eachFile(t *testing.T, visit func(path string, set *token.FileSet, file *ast.File)) {
	t.Helper()
	visited := 0
	err := filepath.WalkDir(".", func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && path != "." && (strings.HasPrefix(d.Name(), ".") || d.Name() == "testdata"):
			return filepath.SkipDir
		case d.IsDir() || filepath.Ext(path) != ".go":
			return nil
		}
		source, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		set := token.NewFileSet()
		file, err := parser.ParseFile(set, path, source, parser.ParseComments|parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		if !ast.IsGenerated(file) {
			visited++
			visit(path, set, file)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if visited == 0 {
		t.Fatal("found no Go file; is this the root of the checkout?")
	}
}
