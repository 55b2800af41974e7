package mailbox_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"reflect"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"bifrost/mailbox"
)

// In a bubble, Wait returns only when every other goroutine is blocked for good,
// time passes only when there is nothing else to do, and a goroutine that is left
// over at the end fails the test.
func TestFullAndEmptyMailboxesRunNothing(t *testing.T) {
	for _, full := range []bool{true, false} {
		synctest.Test(t, func(t *testing.T) {
			r := open(t, mailbox.Limits{Concurrency: 3, BufferSize: 5})
			const senders = 100
			answers := make([]chan struct{}, senders)
			for i := range answers {
				answers[i] = make(chan struct{})
			}
			if full {
				r.offers(mailbox.Accepted, named("a", 8)...)
				for i, name := range named("w", senders) {
					r.offers(mailbox.Waits, name)
					go func() { <-answers[i] }() // ends below, when it is answered
				}
			}
			start, before := time.Now(), r.Stats()
			synctest.Wait()
			if d := time.Since(start); d != 0 {
				t.Fatalf("it took %v until all were blocked: something waits for a timer", d)
			}
			time.Sleep(24 * time.Hour)
			synctest.Wait()
			after := r.Stats()
			before.OldestQueued, after.OldestQueued = 0, 0
			if !reflect.DeepEqual(before, after) {
				t.Fatalf("a day changed %+v to %+v", before, after)
			}
			for _, c := range answers {
				close(c)
			}
		})
	}
}

// The rest of "no method blocks, sleeps or spins" can be read off the code: the
// package starts no goroutine, arms no timer and waits for no channel.
func TestPackageStartsNoGoroutineAndArmsNoTimer(t *testing.T) {
	files, err := os.ReadDir(".")
	if err != nil {
		t.Fatal(err)
	}
	checked := 0
	for _, f := range files {
		if !strings.HasSuffix(f.Name(), ".go") || strings.HasSuffix(f.Name(), "_test.go") {
			continue
		}
		set := token.NewFileSet()
		parsed, err := parser.ParseFile(set, f.Name(), nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		checked++
		ast.Inspect(parsed, func(n ast.Node) bool {
			if what := waitsOrRuns(n); what != "" {
				t.Errorf("%v: %s", set.Position(n.Pos()), what)
			}
			return true
		})
	}
	if checked == 0 {
		t.Fatal("no code was checked")
	}
}

func waitsOrRuns(n ast.Node) string {
	switch n := n.(type) {
	case *ast.GoStmt:
		return "starts a goroutine"
	case *ast.SendStmt:
		return "sends on a channel"
	case *ast.SelectStmt:
		for _, c := range n.Body.List {
			if c.(*ast.CommClause).Comm == nil {
				return ""
			}
		}
		return "a select without default"
	case *ast.SelectorExpr:
		x, ok := n.X.(*ast.Ident)
		if ok && x.Name == "time" && strings.Contains(" Sleep After AfterFunc NewTimer NewTicker Tick ", " "+n.Sel.Name+" ") {
			return "time." + n.Sel.Name
		}
		if ok && x.Name == "sync" && n.Sel.Name != "Mutex" {
			return "sync." + n.Sel.Name
		}
	}
	return ""
}
