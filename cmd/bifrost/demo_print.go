package main

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/mattn/go-isatty"

	"bifrost/cmd/bifrost/internal/demo"
)

// printDemo says first of all where to look, and then what there is to see.
func printDemo(out io.Writer, gateway, dashboard string, rate float64) {
	_, _ = fmt.Fprintf(out, `bifrost demo: a gateway, three simulated providers, and %s requests per second

  dashboard  %s/ui/
  gateway    %s

Open the dashboard, and look at
`, strconv.FormatFloat(rate, 'f', -1, 64), dashboard, gateway)
	for _, s := range demo.Scenes() {
		_, _ = fmt.Fprintf(out, "  %-8s %s\n", s.Provider, s.Text)
	}
	_, _ = io.WriteString(out, `Move its slider, and change drop mode, concurrency and buffer size of a provider.

Ctrl-C ends it. "bifrost demo --print" shows its configuration.
`)
}

// eraseLine goes to the beginning of a terminal's line and erases it.
const eraseLine = "\r\x1b[K"

// showLiveLine writes the load's figures on one line of a terminal, once a second, until
// ctx ends. On anything else it writes nothing.
func showLiveLine(ctx context.Context, out io.Writer, load *demo.Load) {
	if f, ok := out.(*os.File); !ok || !isatty.IsTerminal(f.Fd()) {
		return
	}
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	writeLiveLine(ctx, out, load, tick.C)
}

func writeLiveLine(ctx context.Context, out io.Writer, load *demo.Load, tick <-chan time.Time) {
	for began := time.Now(); ; {
		_, _ = io.WriteString(out, eraseLine+liveLine(time.Since(began), load.Counts()))
		select {
		case <-ctx.Done():
			_, _ = io.WriteString(out, eraseLine)
			return
		case <-tick:
		}
	}
}

// liveLine fits into 80 columns for an hour.
func liveLine(since time.Duration, n demo.Counts) string {
	return fmt.Sprintf("%v  sent %s  answered %s  refused %s  failed %s  open %d", since.Round(time.Second),
		grouped(n.Sent), grouped(n.Answered), grouped(n.Refused), grouped(n.Failed+n.Left), n.InFlight)
}

// printOutcome is the summary at the end.
func printOutcome(out io.Writer, n demo.Counts, waits *demo.Waits) {
	var b strings.Builder
	line := func(name string, count uint64, more string) {
		fmt.Fprintf(&b, "%s\n", strings.TrimSpace(fmt.Sprintf("%-10s%9s  %s", name, grouped(count), more)))
	}
	b.WriteString("\n")
	line("sent", n.Sent, "requests")
	line("answered", n.Answered, fmt.Sprintf("waited for a worker: p50 %s, p95 %s", waited(waits.Percentile(0.5)), waited(waits.Percentile(0.95))))
	line("refused", n.Refused, "by the gateway, for want of a place or of time")
	line("failed", n.Failed, "at the provider")
	line("timed out", n.Left, "at the provider, or before its turn")
	line("under way", n.Cut, "at the end")
	if n.Held > 0 {
		line("not sent", n.Held, fmt.Sprintf("while %d were under way", demo.DefaultMaxInFlight))
	}
	if len(n.Codes) > 0 {
		fmt.Fprintf(&b, "codes      %s\n", codes(n.Codes))
	}
	_, _ = io.WriteString(out, b.String()) // a closed output must not keep the program
}

func waited(d time.Duration) string {
	switch {
	case d < time.Millisecond:
		return "0ms"
	case d < time.Second:
		return d.Round(time.Millisecond).String()
	}
	return d.Round(100 * time.Millisecond).String()
}

// codes lists the gateway's codes, those that came most often first.
func codes(n map[string]uint64) string {
	names := slices.SortedFunc(maps.Keys(n), func(a, b string) int {
		return cmp.Or(cmp.Compare(n[b], n[a]), cmp.Compare(a, b))
	})
	for i, name := range names {
		names[i] = name + " " + grouped(n[name])
	}
	return strings.Join(names, ", ")
}

// grouped writes a number with a comma before every three digits.
func grouped(n uint64) string {
	text := strconv.FormatUint(n, 10)
	for i := len(text) - 3; i > 0; i -= 3 {
		text = text[:i] + "," + text[i:]
	}
	return text
}
