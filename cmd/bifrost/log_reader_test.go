package main

import (
	"bufio"
	"io"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
)

// As in "bifrost serve 2>&1 | head".
func TestAGatewayWhoseOutputNobodyReadsAnyMoreServesOn(t *testing.T) {
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	p := exec.CommandContext(t.Context(), buildBinary(t), "serve", "--config", reference, "--listen", "127.0.0.1:0")
	p.Stdout, p.Stderr = w, w
	if err := p.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = p.Process.Kill() }) // if it has not ended by itself
	w.Close()
	base := ""
	for lines := bufio.NewScanner(r); base == "" && lines.Scan(); {
		_, base, _ = strings.Cut(lines.Text(), "bifrost is listening on ")
	}
	r.Close()
	_, rest := stream(t, base)
	if got := status(t, base+"/v1/models"); got != 200 { // which is logged
		t.Errorf("got %d", got)
	}
	if err := p.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if text, err := io.ReadAll(rest); err != nil || !strings.HasSuffix(string(text), "data: [DONE]\n\n") {
		t.Errorf("the stream ends with %q, %v", text, err)
	}
	if err := exit(t, p); err != nil {
		t.Error(err)
	}
}
