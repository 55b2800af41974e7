package top

import (
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"bifrost/admin"
)

// Width is the least number of columns that Render is made for.
const Width = 80

const (
	barColumns   = 12 // of the gauge, on a terminal of Width
	otherColumns = 53 // behind it
)

// Render returns the lines that show a state on so many columns, at most so many of them;
// fewer than Width are cut off. No lines means no limit.
func Render(s admin.State, columns, lines int) []string {
	wide := max(columns, Width)
	bar := barColumns + (wide-Width)/2
	name := wide - bar - otherColumns - 1
	out := head(s)
	out = append(out, "", row(name, "PROVIDER", bar, "MAILBOX", cells{"", "WAIT", "BUSY", "REQ/S", "P95", "TOK/S", "REFUSED"}))
	for _, p := range s.Providers {
		out = append(out, provider(p, name, bar))
		if p.State != "ready" {
			out = append(out, "  is "+p.State)
		}
		if resting := p.Resting(s.At); resting != "" {
			out = append(out, "  "+resting)
		}
	}
	out = append(out, foot(s)...)
	if lines > 0 && len(out) > lines {
		out = append(out[:lines-1], fmt.Sprintf("… %d more lines", len(out)-lines+1))
	}
	for i := range out {
		out[i] = cut(strings.TrimRight(out[i], " "), columns)
	}
	return out
}

// head is about the gateway as a whole.
func head(s admin.State) []string {
	state := "ready"
	switch {
	case s.Draining:
		state = "draining"
	case !s.Ready:
		state = "not ready"
	}
	mode := "full: wait"
	if s.Drop {
		mode = "full: drop"
	}
	out := []string{fmt.Sprintf("bifrost %s, up %s; configuration %d (%s); %s", state, age(s.At.Sub(s.Started)), s.Config.Number, s.Config.Digest, mode)}
	if s.Config.Override {
		out = append(out, "settings were changed at run time; the next reload takes them back")
	}
	if s.Config.Failed != "" {
		first, _, _ := strings.Cut(s.Config.Failed, "\n")
		out = append(out, "the last reload was refused: "+first)
	}
	return out
}

// cells are what stands behind the gauge: places, those who wait, busy workers, requests per
// second, latency, tokens per second, refusals.
type cells [7]string

func provider(p admin.ProviderView, name, bar int) string {
	c := cells{"", "", "", rate(p.RequestsPerSecond), span(p.Latency.P95), rate(p.OutputTokensPerSecond), refused(p)}
	if p.Remote {
		return row(name, p.Name, bar, "(other node)", c)
	}
	c[0], c[1], c[2] = fmt.Sprintf("%d/%d", p.Queued, p.BufferSize), fmt.Sprint(p.Waiting), fmt.Sprintf("%d/%d", p.InHand, p.Concurrency)
	return row(name, p.Name, bar, gauge(p.Queued, p.BufferSize, bar), c)
}

// row is a line of the table.
func row(name int, label string, bar int, gauge string, c cells) string {
	return pad(label, name) + " " + pad(gauge, bar) + fmt.Sprintf(" %9s %5s %7s %6s %6s %6s %7s", c[0], c[1], c[2], c[3], c[4], c[5], c[6])
}

// foot is about what was refused.
func foot(s admin.State) []string {
	var reasons []string
	for _, l := range s.DeadLetters {
		if l.Count > 0 {
			reasons = append(reasons, fmt.Sprintf("%s %d", l.Reason, l.Count))
		}
	}
	if len(reasons) == 0 {
		return nil
	}
	return []string{"", "dead letters: " + strings.Join(reasons, ", ")}
}

func refused(p admin.ProviderView) string {
	var n uint64
	for _, count := range p.Refused {
		n += count
	}
	return short(float64(n))
}

// gauge shows how full a mailbox is; a place that is used always shows.
func gauge(queued, size, columns int) string {
	inner := columns - 2
	full := 0
	if size > 0 {
		full = min(inner, (queued*inner+size-1)/size)
	}
	return "[" + strings.Repeat("#", full) + strings.Repeat(".", inner-full) + "]"
}

func rate(perSecond float64) string {
	if perSecond > 0 && perSecond < 100 {
		return fmt.Sprintf("%.1f", perSecond)
	}
	return short(perSecond)
}

// short is a number in at most six columns.
func short(n float64) string {
	switch {
	case n >= 1e9:
		return fmt.Sprintf("%.1fG", n/1e9)
	case n >= 1e6:
		return fmt.Sprintf("%.1fM", n/1e6)
	case n >= 1e5:
		return fmt.Sprintf("%.0fk", n/1e3)
	}
	return fmt.Sprintf("%.0f", n)
}

// span is a number of milliseconds in at most six columns; empty if nothing was measured.
func span(ms float64) string {
	switch {
	case ms <= 0:
		return "-"
	case ms < 1000:
		return fmt.Sprintf("%.0fms", ms)
	case ms < 100_000:
		return fmt.Sprintf("%.1fs", ms/1000)
	}
	return fmt.Sprintf("%.0fs", ms/1000)
}

func age(d time.Duration) string {
	if d >= 48*time.Hour {
		return fmt.Sprintf("%dd%dh", d/(24*time.Hour), d%(24*time.Hour)/time.Hour)
	}
	return d.Truncate(time.Second).String()
}

// pad makes a text exactly so many columns wide.
func pad(text string, columns int) string {
	text = cut(text, columns)
	return text + strings.Repeat(" ", max(0, columns-utf8.RuneCountInString(text)))
}

// cut shortens a text to so many columns.
func cut(text string, columns int) string {
	if utf8.RuneCountInString(text) <= columns {
		return text
	}
	runes := []rune(text)
	return string(runes[:max(0, columns-1)]) + "…"
}
