package browser_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// in selects an element by its test id, within a provider's card or page.
func in(provider, testid string) string {
	return fmt.Sprintf(`[data-testid="provider-%s"] [data-testid=%q]`, provider, testid)
}

// figure is an expression for the number that an element shows.
func figure(selector string) string {
	return fmt.Sprintf(`Number(document.querySelector(%q)?.textContent.replace(/\D/g, "") || NaN)`, selector)
}

func there(selector string) string {
	return fmt.Sprintf("document.querySelector(%q) !== null", selector)
}

// goTo opens a page of the dashboard by its link, and waits for its heading.
func (v *tab) goTo(hash, heading string) {
	v.t.Helper()
	v.do(chromedp.Click(chromedp.CSS(`a[href="` + hash + `"]`)))
	v.onPage(heading)
}

func (v *tab) onPage(heading string) {
	v.t.Helper()
	v.await("the page "+heading, fmt.Sprintf("document.querySelector('h1')?.textContent === %q", heading))
}

// enter replaces what is in a field.
func (v *tab) enter(selector, text string) {
	v.t.Helper()
	v.do(chromedp.Focus(chromedp.CSS(selector)),
		chromedp.KeyEvent("a", chromedp.KeyModifiers(chromedp.ModifierCtrl)),
		chromedp.KeyEvent(text))
}

// setRate moves the slider of the demonstration's load until it says at least rate.
func (v *tab) setRate(rate float64) {
	v.t.Helper()
	const slider = `[data-testid="rate"]`
	v.do(chromedp.Focus(chromedp.CSS(slider)))
	for range 100 {
		if eval[float64](v, fmt.Sprintf("Number(document.querySelector(%q).value)", slider)) >= rate {
			break
		}
		v.do(chromedp.KeyEvent(kb.PageUp))
	}
	v.await("the new rate", fmt.Sprintf("(await (await fetch('/api/v1/demo')).json()).rate >= %v", rate))
}

// TestTheDemonstrationIsSeenAndChangedInTheBrowser is a newcomer's first minute.
func TestTheDemonstrationIsSeenAndChangedInTheBrowser(t *testing.T) {
	p := startDemo(t)
	v := openTab(t, p.dashboard)
	v.scheme("dark")
	v.onPage("Overview")
	for _, name := range []string{"steady", "limited", "flaky"} {
		v.await(name, there(`[data-testid="provider-`+name+`"]`))
	}
	v.await("a worker that is busy", figure(in("steady", "busy"))+" > 0")

	// An outage fills a mailbox, and callers wait for a place.
	v.await("a mailbox that fills", figure(in("flaky", "queued"))+" > 20")
	v.shot("1 a mailbox fills")
	v.await("a full mailbox", figure(in("flaky", "queued"))+" === "+figure(in("flaky", "buffer")))
	v.await("callers that wait", figure(in("flaky", "waiting"))+" > 0")
	v.shot("2 callers wait")

	// More load fills that of the healthy one, too.
	v.setRate(140)
	v.goTo("#/providers/steady", "steady")
	v.await("a full mailbox", figure(in("steady", "queued"))+" === 100 && "+figure(in("steady", "waiting"))+" > 0")
	v.shot("3 too much for steady")

	changeDropMode(v)
	changeSizes(v)
	readTheFileAgain(v)
	seeTheEnd(v, p)
}

func changeDropMode(v *tab) {
	v.t.Helper()
	const toggle = `[data-testid="drop-toggle"]`
	pressed := func(want string) string {
		return fmt.Sprintf("document.querySelector(%q).getAttribute('aria-checked') === %q", toggle, want)
	}
	dropped := "fetch('/api/v1/state').then(r => r.json()).then(s => s.providers.find(p => p.name === 'steady').refused.queue_full ?? 0)"
	if n := eval[float64](v, dropped); n != 0 {
		v.t.Errorf("%v were dropped although callers may wait", n)
	}
	v.await("the switch", pressed("false"))
	v.do(chromedp.Click(chromedp.CSS(toggle)))
	v.await("the switch to be on", pressed("true"))
	v.await("requests that are dropped", "(await "+dropped+") > 10")
	v.shot("4 drop mode")

	v.goTo("#/dead-letters", "Dead letters")
	v.await("the reason", figure(`[data-testid="reason-queue_full"] b`)+" > 10")
	v.await("one of steady's in the list", "[...document.querySelectorAll('td')].some(d => d.textContent === 'steady')")
	v.shot("5 dead letters")
	v.goTo("#/", "Overview")
	v.goTo("#/providers/steady", "steady")
}

func changeSizes(v *tab) {
	v.t.Helper()
	const concurrency, buffer, apply = `[data-testid="concurrency-input"]`, `[data-testid="buffer-input"]`, `[data-testid="apply"]`
	v.enter(concurrency, "120")
	v.enter(buffer, "300")
	v.do(chromedp.Click(chromedp.CSS(apply)))
	v.await("the new sizes", figure(in("steady", "workers"))+" === 120 && "+figure(in("steady", "buffer"))+" === 300")
	v.await("more workers at work", figure(in("steady", "busy"))+" > 16")
	v.await("an empty mailbox", figure(in("steady", "queued"))+" === 0")
	v.shot("6 more workers")

	v.enter(concurrency, "0")
	v.await("the fault of a field", fmt.Sprintf("document.querySelector(%q).getAttribute('aria-invalid') === 'true' && document.querySelector(%q).disabled", concurrency, apply))
}

// readTheFileAgain undoes what was changed on the dashboard.
func readTheFileAgain(v *tab) {
	v.t.Helper()
	v.goTo("#/config", "Configuration")
	v.await("the running configuration", "document.querySelector('pre')?.textContent.includes('concurrency = 120')")
	v.do(chromedp.Click(chromedp.CSS(`[data-testid="dry-run"]`)))
	result := `document.querySelector('[data-testid="reload-result"]').textContent`
	v.await("what would change", result+".includes('providers.steady.concurrency_and_buffer_size.concurrency')")
	v.shot("7 what a reload would change")
	v.do(chromedp.Click(chromedp.CSS(`[data-testid="reload"]`)))
	v.await("the reload", "document.querySelector('pre').textContent.includes('concurrency = 16')")
	v.goTo("#/", "Overview")
	v.await("the size of the file", figure(in("steady", "buffer"))+" === 100")
}

// seeTheEnd ends the program as Ctrl-C does, sees the page notice, and reads the summary.
func seeTheEnd(v *tab, p *program) {
	v.t.Helper()
	v.bereave()
	p.stop(v.t)
	v.await("the page to notice", `document.querySelector('[data-testid="link"]').textContent.includes("Reconnecting")`)
	v.shot("8 the gateway is gone")
	text := p.output.String()
	for _, want := range []string{"\nsent ", "\nanswered ", "\nrefused ", "queue_full "} {
		if !strings.Contains(text, want) {
			v.t.Errorf("the summary lacks %q:\n%s", want, text)
		}
	}
}
