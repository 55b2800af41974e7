package browser_test

import (
	"context"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

// every is how often a page is looked at that a test waits for.
const every = 50 * time.Millisecond

// tab is a page in a browser of its own.
type tab struct {
	t      *testing.T
	ctx    context.Context
	origin string

	mu     sync.Mutex
	faults []string
	alone  bool // the program is being stopped: requests fail
}

// openTab starts a browser and opens a page in it. All ends with the test, which fails if
// the page has done what it should not.
func openTab(t *testing.T, address string) *tab {
	t.Helper()
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	allocator, closeAllocator := chromedp.NewExecAllocator(context.Background(), flags(t)...)
	ctx, closeTab := chromedp.NewContext(allocator)
	v := &tab{t: t, ctx: ctx, origin: u.Scheme + "://" + u.Host}
	t.Cleanup(func() {
		closeTab()
		closeAllocator()
		v.mu.Lock()
		defer v.mu.Unlock()
		for _, f := range v.faults {
			t.Error(f)
		}
	})
	if err := chromedp.Listen(ctx, v.listen); err != nil {
		t.Fatal(err)
	}
	v.do(command(network.Enable, network.EnableParams{}), command(log.Enable, cdp.Empty{}), command(runtime.Enable, cdp.Empty{}))
	v.size(1280, 900)
	v.do(chromedp.Navigate(address))
	return v
}

// command is an action that gives the browser one command.
func command[P, R any](c cdp.Command[P, R], params P) chromedp.Action[chromedp.Void] {
	return chromedp.Func(func(ctx context.Context, target *chromedp.Target) error {
		_, err := cdp.Call(ctx, target, c, params)
		return err
	})
}

func flags(t *testing.T) []chromedp.ExecAllocatorOption {
	t.Helper()
	path := ""
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if found, err := exec.LookPath(name); err == nil {
			path = found
			break
		}
	}
	if path == "" {
		t.Fatal("there is no Chromium on this machine; install the package chromium")
	}
	o := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(path),
		// No name is resolved, and no proxy asked.
		chromedp.Flag("host-resolver-rules", "MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"),
		chromedp.Flag("no-proxy-server", true),
		chromedp.Flag("disable-component-update", true),
		chromedp.Flag("disable-domain-reliability", true),
		chromedp.Flag("disable-gpu", true),
		chromedp.WSURLReadTimeout(patience),
	)
	if os.Geteuid() == 0 {
		o = append(o, chromedp.NoSandbox) // Chromium's sandbox is not for root
	}
	return o
}

// listen notes what a page should not do.
func (v *tab) listen(event any) {
	switch e := event.(type) {
	case *runtime.EventExceptionThrown:
		v.fault("an exception: " + (&chromedp.ExceptionError{ExceptionDetails: e.ExceptionDetails}).Error())
	case *runtime.EventConsoleAPICalled:
		if e.Type == "error" {
			v.fault(fmt.Sprintf("an error in the console: %s", texts(e.Args)))
		}
	case *log.EventEntryAdded:
		if e.Entry.Level == log.EntryLevelError && !(v.isAlone() && e.Entry.Source == log.EntrySourceNetwork) {
			v.fault("an error in the browser's log: " + e.Entry.Text + " " + e.Entry.URL)
		}
	case *network.EventRequestWillBeSent:
		u := e.Request.URL
		if !strings.HasPrefix(u, v.origin+"/") && !strings.HasPrefix(u, "data:") && !strings.HasPrefix(u, "blob:") {
			v.fault("a request to " + u)
		}
	}
}

func texts(args []*runtime.RemoteObject) string {
	var all []string
	for _, a := range args {
		all = append(all, string(a.Value)+a.Description)
	}
	return strings.Join(all, " ")
}

// bereave says that the program is about to end.
func (v *tab) bereave() {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.alone = true
}

func (v *tab) isAlone() bool {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.alone
}

func (v *tab) fault(text string) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.faults = append(v.faults, text)
}

// do runs actions within the patience of a test.
func (v *tab) do(actions ...chromedp.Action[chromedp.Void]) {
	v.t.Helper()
	for _, a := range actions {
		if _, err := ask(v, a); err != nil {
			v.t.Fatal(err)
		}
	}
}

// ask runs one action within the patience of a test.
func ask[T any](v *tab, a chromedp.Action[T]) (T, error) {
	ctx, cancel := context.WithTimeout(v.ctx, patience)
	defer cancel()
	return chromedp.Run(ctx, a)
}

// eval returns the value of an expression in the page.
func eval[T any](v *tab, expression string) T {
	v.t.Helper()
	out, err := ask(v, chromedp.Evaluate[T](expression, chromedp.EvalAwaitPromise))
	if err != nil {
		v.t.Fatalf("%s: %v", expression, err)
	}
	return out
}

// await waits until an expression in the page, or what it promises, is true.
func (v *tab) await(what, expression string) {
	v.t.Helper()
	v.awaitWithin(patience, what, expression)
}

func (v *tab) awaitWithin(limit time.Duration, what, expression string) {
	v.t.Helper()
	tick, late := time.NewTicker(every), time.After(limit)
	defer tick.Stop()
	for {
		// While a page loads there may be nothing to ask.
		if done, err := ask(v, chromedp.Evaluate[bool]("(async () => !!(await ("+expression+")))()", chromedp.EvalAwaitPromise)); err == nil && done {
			return
		}
		select {
		case <-tick.C:
		case <-late:
			v.shot("failed")
			v.t.Fatalf("waited too long for %s (%s); the page says:\n%s", what, expression, eval[string](v, "document.body.innerText"))
		}
	}
}

// size is that of the window.
func (v *tab) size(width, height int64) {
	v.t.Helper()
	var options []chromedp.EmulateViewportOption
	if width < 600 { // a phone, whose scroll bars lie over the page
		options = append(options, chromedp.EmulateMobile, chromedp.EmulateTouch)
	}
	v.do(chromedp.EmulateViewport(width, height, options...))
}

// scheme is "light" or "dark"; nothing moves in either.
func (v *tab) scheme(name string) {
	v.t.Helper()
	v.do(command(emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{
		{Name: "prefers-color-scheme", Value: name},
		{Name: "prefers-reduced-motion", Value: "reduce"},
	}}))
}

// shot takes a picture of the whole page.
func (v *tab) shot(name string) {
	v.t.Helper()
	png, err := ask(v, chromedp.FullScreenshot(100))
	if err != nil {
		v.t.Fatal(err)
	}
	path := filepath.Join(outFolder, name+".png")
	if err := os.WriteFile(path, png, 0o644); err != nil {
		v.t.Fatal(err)
	}
}
