package browser_test

import (
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// axePath is where `npm install` puts axe-core.
const axePath = "node/node_modules/axe-core/axe.min.js"

// onePage is a page of the dashboard in a demonstration.
type onePage struct{ name, hash, heading string }

var pages = []onePage{
	{"overview", "#/", "Overview"},
	{"provider", "#/providers/flaky", "flaky"},
	{"dead letters", "#/dead-letters", "Dead letters"},
	{"configuration", "#/config", "Configuration"},
}

// looks are how a page may have to look.
var looks = []struct {
	name          string
	width, height int64
}{{"desk", 1280, 900}, {"phone", 375, 812}}

// busyTab opens a dashboard on which there is something to see.
func busyTab(t *testing.T) *tab {
	t.Helper()
	p := startDemo(t)
	v := openTab(t, p.dashboard)
	v.scheme("light")
	v.onPage("Overview")
	v.await("callers that wait", figure(in("flaky", "waiting"))+" > 0")
	return v
}

func TestEveryPageIsAccessibleOnADeskAndOnAPhoneInLightAndInDark(t *testing.T) {
	axe, err := os.ReadFile(axePath)
	if err != nil {
		t.Fatalf("%v; run npm install in browser_test/node", err)
	}
	v := busyTab(t)
	if _, err := ask(v, chromedp.Evaluate[bool](string(axe)+"; true")); err != nil {
		t.Fatal(err)
	}
	for _, look := range looks {
		for _, scheme := range []string{"light", "dark"} {
			v.size(look.width, look.height)
			v.scheme(scheme)
			for _, p := range pages {
				name := fmt.Sprintf("%s %s %s", p.name, look.name, scheme)
				eval[string](v, fmt.Sprintf("location.hash = %q", p.hash))
				v.onPage(p.heading)
				// What is asked for apart from the stream has come.
				v.await("the page's content", "document.querySelectorAll('main section, main article').length > 0 && !document.querySelector('main').textContent.includes('…\\n')")
				v.shot(name)
				checkWidth(v, name)
				for _, fault := range violations(v) {
					t.Errorf("%s: %s", name, fault)
				}
			}
		}
	}
}

// checkWidth holds that nothing is beside the window.
func checkWidth(v *tab, name string) {
	v.t.Helper()
	if beyond := eval[float64](v, "document.documentElement.scrollWidth - document.documentElement.clientWidth"); beyond > 0 {
		v.t.Errorf("%s: the page is %v pixels wider than the window; there is %s", name, beyond, widest(v))
	}
}

func widest(v *tab) string {
	return eval[string](v, `[...document.querySelectorAll('body *')]
		.filter(e => e.getBoundingClientRect().right > document.documentElement.clientWidth + 0.5)
		.slice(0, 5).map(e => e.tagName + '.' + e.className).join(', ')`)
}

// violations returns what axe-core finds, but for what it calls minor or moderate.
func violations(v *tab) []string {
	v.t.Helper()
	type violation struct {
		ID     string   `json:"id"`
		Impact string   `json:"impact"`
		Help   string   `json:"help"`
		Where  []string `json:"where"`
	}
	text := eval[string](v, `axe.run(document, {resultTypes: ['violations']}).then(r => JSON.stringify(
		r.violations.map(o => ({id: o.id, impact: o.impact, help: o.help,
			where: o.nodes.slice(0, 3).map(n => n.target.join(' ') + ' ' + n.failureSummary)}))))`)
	var found []violation
	if err := json.Unmarshal([]byte(text), &found); err != nil {
		v.t.Fatal(err)
	}
	var faults []string
	for _, f := range found {
		line := fmt.Sprintf("%s (%s): %s: %s", f.ID, f.Impact, f.Help, strings.Join(f.Where, "; "))
		if f.Impact == "minor" || f.Impact == "moderate" {
			v.t.Log(line)
			continue
		}
		faults = append(faults, line)
	}
	return faults
}

// TestEveryPageIsReachedAndUsedByKeyboard presses keys only, and looks where the focus is
// and whether that can be seen.
func TestEveryPageIsReachedAndUsedByKeyboard(t *testing.T) {
	v := busyTab(t)
	v.do(chromedp.KeyEvent(kb.Tab))
	if text := focused(v); text != "Skip to the content" {
		t.Errorf("the first stop is %q, not the way to the content", text)
	}
	for _, stop := range []struct{ link, heading string }{
		{"Dead letters", "Dead letters"}, {"Configuration", "Configuration"}, {"Overview", "Overview"}, {"flaky", "flaky"},
	} {
		v.tabTo(stop.link)
		v.do(chromedp.KeyEvent(kb.Enter))
		v.onPage(stop.heading)
		v.await("the focus on the heading", fmt.Sprintf("document.activeElement?.textContent === %q && document.activeElement.tagName === 'H1'", stop.heading))
	}
	const toggle = `document.querySelector('[data-testid="drop-toggle"]').getAttribute('aria-checked') === '%v'`
	v.tabTo("Drop when full: flaky")
	v.do(chromedp.KeyEvent(" "))
	v.await("drop mode", fmt.Sprintf(toggle, true))
	v.do(chromedp.KeyEvent(kb.Enter))
	v.await("wait mode", fmt.Sprintf(toggle, false))
}

// focused is the name of the element that has the focus.
func focused(v *tab) string {
	v.t.Helper()
	return eval[string](v, "(document.activeElement?.getAttribute('aria-label') ?? document.activeElement?.textContent ?? '').trim()")
}

// tabTo presses the tabulator until the focus is on the element of this name, and holds that
// each stop can be seen.
func (v *tab) tabTo(name string) {
	v.t.Helper()
	const stops = 200
	for range stops {
		v.do(chromedp.KeyEvent(kb.Tab))
		if eval[bool](v, "document.activeElement === document.body") {
			continue // around the end of the page
		}
		if fault := eval[string](v, unseen); fault != "" {
			v.t.Errorf("a stop of the tabulator cannot be seen: %s", fault)
		}
		if focused(v) == name {
			return
		}
	}
	v.t.Fatalf("%d stops of the tabulator do not lead to %q", stops, name)
}

// unseen describes the focused element if neither an outline nor a shadow shows that it is
// focused, or if it is nowhere.
const unseen = `(() => {
	const e = document.activeElement, s = getComputedStyle(e), b = e.getBoundingClientRect();
	const drawn = s.outlineStyle !== 'none' && parseFloat(s.outlineWidth) > 0 || s.boxShadow !== 'none';
	return drawn && b.width > 0 && b.height > 0 ? '' : e.outerHTML.slice(0, 200);
})()`
