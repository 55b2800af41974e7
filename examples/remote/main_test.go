package main

import (
	"bufio"
	"bytes"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// TestTwoProcessesShareAProvider runs the two commands of the documentation.
func TestTwoProcessesShareAProvider(t *testing.T) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	program := filepath.Join(t.TempDir(), "remote")
	if out, err := exec.CommandContext(ctx, "go", "build", "-o", program, ".").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	owner := exec.CommandContext(ctx, program, "owner", "127.0.0.1:0")
	owner.Stderr = os.Stderr
	lines, err := owner.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := owner.Start(); err != nil {
		t.Fatal(err)
	}
	said := bufio.NewScanner(lines)
	if !said.Scan() {
		t.Fatal("the owner says nothing")
	}
	address, ok := strings.CutPrefix(said.Text(), "the provider is at ")
	if !ok {
		t.Fatalf("the owner says %q", said.Text())
	}

	var out bytes.Buffer
	asker := exec.CommandContext(ctx, program, "asker", address)
	asker.Stdout, asker.Stderr = &out, os.Stderr
	if err := asker.Run(); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		`the client asked: simulated answered with "This is a simulated answer`,
		"a stream came in ",
		"an actor asked 10 times at once: 4 responses, 6 dead letters (queue_full), 0 failures",
		"peer " + address + " is up: 2 calls of the client, 0 lost",
	} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("the asker did not say %q:\n%s", want, &out)
		}
	}

	if err := owner.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	rest := ""
	for said.Scan() {
		rest += said.Text()
	}
	if err := owner.Wait(); err != nil || rest != "it was asked 12 times" {
		t.Errorf("the owner ended with %v, and said %q", err, rest)
	}
}
