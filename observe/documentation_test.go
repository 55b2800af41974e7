package observe_test

import (
	"encoding/json"
	"flag"
	"fmt"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"

	"bifrost/observe"
	"bifrost/remote"
	"bifrost/schemas"
)

var update = flag.Bool("update", false, "write the tables of docs/metrics.md")

const (
	page      = "../docs/metrics.md"
	dashboard = "../deploy/grafana/bifrost.json"
	rules     = "../deploy/prometheus/rules.yml"
)

// described matches the text of a prometheus.Desc.
var described = regexp.MustCompile(`fqName: "(.*?)", help: "(.*?)", constLabels: \{\}, variableLabels: \{(.*?)\}`)

// peerMetrics are those of a node, which package remote exposes.
func peerMetrics(t *testing.T) []observe.Metric {
	t.Helper()
	var out []observe.Metric
	descs := make(chan *prometheus.Desc, 100)
	new(remote.Node).Collector().Describe(descs)
	close(descs)
	for d := range descs {
		parts := described.FindStringSubmatch(d.String())
		if parts == nil {
			t.Fatalf("a description is not as expected: %s", d)
		}
		m := observe.Metric{Name: parts[1], Kind: "gauge", Help: parts[2], Labels: strings.Split(parts[3], ",")}
		if strings.HasSuffix(m.Name, "_total") {
			m.Kind = "counter"
		}
		out = append(out, m)
	}
	return out
}

func TestDocumentationHasEveryMetric(t *testing.T) {
	text, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	want := withTable(t, string(text), "metrics", observe.Metrics())
	want = withTable(t, want, "peers", peerMetrics(t))
	if *update {
		if err := os.WriteFile(page, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	} else if want != string(text) {
		t.Errorf("the tables of %s are not those of the code; run: go test ./observe -run Documentation -update", page)
	}
}

// withTable returns a page with the table between two comments replaced.
func withTable(t *testing.T, text, name string, metrics []observe.Metric) string {
	t.Helper()
	before, rest, ok := strings.Cut(text, "<!-- "+name+":")
	comment, rest, ok2 := strings.Cut(rest, "-->\n")
	_, after, ok3 := strings.Cut(rest, "<!-- /"+name+" -->")
	if !ok || !ok2 || !ok3 {
		t.Fatalf("%s has no place for %s", page, name)
	}
	var table strings.Builder
	table.WriteString("\n| metric | kind | labels | |\n|---|---|---|---|\n")
	for _, m := range metrics {
		labels := "–"
		if len(m.Labels) > 0 {
			labels = "`" + strings.Join(m.Labels, "`, `") + "`"
		}
		fmt.Fprintf(&table, "| `%s` | %s | %s | %s |\n", m.Name, m.Kind, labels, m.Help)
	}
	return before + "<!-- " + name + ":" + comment + "-->\n" + table.String() + "\n<!-- /" + name + " -->" + after
}

// TestEveryMetricIsReallyExposed has something of everything done, so that none is
// described and never seen.
func TestEveryMetricIsReallyExposed(t *testing.T) {
	client, recorder := busy(t)
	provider, entered, release := held()
	if p, rec := watched(t, observe.Options{}, map[string]schemas.Provider{"p": provider}); p != nil {
		defer close(release)
		go ask(t, p, 1, "p", "listed") // ends when it is released
		go ask(t, p, 1, "p", "listed") // likewise
		await(t, "a call", entered)
		eventually(t, "a full mailbox", func() bool { return p.Stats().Providers["p"].Queued == 1 })
		ask(t, p, 1, "p", "listed")
		if len(gather(t, rec.Collector(p))["bifrost_client_refusals_total"]) != 1 {
			t.Error("a client's refusal is not exposed")
		}
	}
	seen := gather(t, recorder.Collector(client))
	for _, m := range observe.Metrics() {
		if len(seen[m.Name]) == 0 && m.Name != "bifrost_client_refusals_total" {
			t.Errorf("%s is not exposed", m.Name)
		}
	}
}

// usable are the metrics that a dashboard may use, by name, each with its labels.
func usable(t *testing.T) map[string][]string {
	t.Helper()
	out := map[string][]string{"up": nil, "go_goroutines": nil, "process_cpu_seconds_total": nil}
	for _, m := range append(observe.Metrics(), peerMetrics(t)...) {
		out[m.Name] = m.Labels
		if m.Kind == "histogram" {
			out[m.Name+"_bucket"] = append(slices.Clone(m.Labels), "le")
			out[m.Name+"_sum"], out[m.Name+"_count"] = m.Labels, m.Labels
		}
	}
	return out
}

var (
	selector = regexp.MustCompile(`\b((?:bifrost|go|process)_[a-z_]+|up)\b(?:\{([^}]*)\})?`)
	matcher  = regexp.MustCompile(`([a-z_]+)\s*(?:=~|!~|!=|=)`)
	grouping = regexp.MustCompile(`\b(?:by|ignoring|on|without)\s*\(([^)]*)\)`)
	shown    = regexp.MustCompile(`\{\{\s*(?:\$labels\.)?([a-z_]+)\s*\}\}`)
)

// checkQuery holds an expression, and the text that shows its labels, against what is
// exposed, and notes what it uses.
func checkQuery(t *testing.T, where, query, text string, known map[string][]string, used map[string]bool) {
	t.Helper()
	for _, fault := range faultsOf(query, text, known, used) {
		t.Errorf("%s %s", where, fault)
	}
}

func faultsOf(query, text string, known map[string][]string, used map[string]bool) (faults []string) {
	fault := func(format string, args ...any) { faults = append(faults, fmt.Sprintf(format, args...)) }
	labels := []string{"job", "instance"}
	for _, s := range selector.FindAllStringSubmatch(query, -1) {
		own, ok := known[s[1]]
		if !ok {
			fault("uses %s, which is not exposed", s[1])
		}
		used[strings.TrimSuffix(strings.TrimSuffix(s[1], "_bucket"), "_count")] = true
		labels = append(labels, own...)
		for _, m := range matcher.FindAllStringSubmatch(s[2], -1) {
			if !slices.Contains(append([]string{"job", "instance"}, own...), m[1]) {
				fault("wants of %s the label %s", s[1], m[1])
			}
		}
	}
	for _, g := range grouping.FindAllStringSubmatch(query, -1) {
		for name := range strings.SplitSeq(g[1], ",") {
			if name = strings.TrimSpace(name); !slices.Contains(labels, name) {
				fault("groups by %q, which none of its metrics has", name)
			}
		}
	}
	for _, l := range shown.FindAllStringSubmatch(text, -1) {
		if !slices.Contains(labels, l[1]) {
			fault("shows %q, which none of its metrics has", l[1])
		}
	}
	return faults
}

// A panel of the dashboard; a row may have panels of its own.
type panel struct {
	ID      int
	Type    string
	Title   string
	Targets []struct{ Expr, LegendFormat string }
	GridPos struct{ H, W, X, Y int }
	Panels  []panel
}

func TestTheDashboardUsesWhatIsExposed(t *testing.T) {
	data, err := os.ReadFile(dashboard)
	if err != nil {
		t.Fatal(err)
	}
	var board struct {
		Title, UID string
		Panels     []panel
		Templating struct {
			List []struct{ Name, Definition string }
		}
		Annotations struct{ List []struct{ Expr string } }
	}
	if err := json.Unmarshal(data, &board); err != nil {
		t.Fatal(err)
	}
	known, used, ids := usable(t), map[string]bool{}, map[int]bool{}
	for _, p := range board.Panels {
		if ids[p.ID] || p.Title == "" || p.GridPos.X+p.GridPos.W > 24 {
			t.Errorf("panel %d, %q, is there twice, has no title, or is too wide", p.ID, p.Title)
		}
		ids[p.ID] = true
		if p.Type != "row" && len(p.Targets) == 0 {
			t.Errorf("panel %q shows nothing", p.Title)
		}
		for _, q := range p.Targets {
			checkQuery(t, p.Title, q.Expr, q.LegendFormat, known, used)
		}
	}
	for _, v := range board.Templating.List {
		checkQuery(t, "variable "+v.Name, v.Definition, "", known, used)
	}
	for _, a := range board.Annotations.List {
		checkQuery(t, "an annotation", a.Expr, "", known, used)
	}
	if len(used) < 30 || board.UID != "bifrost" {
		t.Errorf("the dashboard %q uses only %d metrics: %v", board.UID, len(used), slices.Sorted(maps.Keys(used)))
	}
}

func TestTheAlertsUseWhatIsExposed(t *testing.T) {
	text, err := os.ReadFile(rules)
	if err != nil {
		t.Fatal(err)
	}
	known, used := usable(t), map[string]bool{}
	alerts := strings.Split(string(text), "- alert: ")[1:]
	for _, alert := range alerts {
		name, body, _ := strings.Cut(alert, "\n")
		_, query, _ := strings.Cut(body, "expr:")
		query, shows, ok := strings.Cut(query, "labels:\n")
		if !ok || !strings.Contains(shows, "summary:") || !strings.Contains(shows, "description:") || !strings.Contains(shows, "severity:") {
			t.Errorf("%s has no labels or annotations", name)
		}
		query, _, _ = strings.Cut(query, " for: ")
		checkQuery(t, name, query, shows, known, used)
	}
	if len(alerts) < 10 {
		t.Errorf("there are %d alerts", len(alerts))
	}
}

func TestADashboardThatIsWrongIsSeen(t *testing.T) {
	known := usable(t)
	for _, c := range [][2]string{
		{"rate(bifrost_nothing_total[5m])", ""},
		{`bifrost_mailbox_queued{color="red"}`, ""},
		{"sum by (key) (bifrost_mailbox_queued)", ""},
		{"bifrost_mailbox_queued", "{{key}}"},
	} {
		if len(faultsOf(c[0], c[1], known, map[string]bool{})) == 0 {
			t.Errorf("%s with %s passes", c[0], c[1])
		}
	}
}
