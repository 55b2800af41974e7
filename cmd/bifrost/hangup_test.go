package main

import (
	"context"
	"io"
	"os"
	"strings"
	"syscall"
	"testing"

	"bifrost/config"
)

func TestAHangupWhileTheGatewayStartsIsAReloadAndNoEnd(t *testing.T) {
	path, first := file(t, unwatched(servedText(""))), true
	o := setup{watch: path, load: func() (*config.File, error) {
		if first { // one that nobody listens to ends this process
			first = false
			self, err := os.FindProcess(os.Getpid())
			if err != nil {
				return nil, err
			}
			if err := self.Signal(syscall.SIGHUP); err != nil {
				return nil, err
			}
		}
		return loadFile(path)
	}}
	log, ended := newConsole(), make(chan error, 1)
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	go func() { ended <- serve(ctx, o, io.Discard, log) }() // ends with ctx
	log.await(t, `"trigger":"SIGHUP"`)
	stop()
	if err := await(t, ended); err != nil {
		t.Error(err)
	}
}

func TestAHangupWhileTheGatewayStopsCutsNoStream(t *testing.T) {
	p, stdout := launch(t, "serve", "--config", reference, "--listen", "127.0.0.1:0")
	_, lines := stream(t, stdout.await(t, bannerURL))
	if err := p.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	stdout.await(t, "^stopping: ")
	for range 3 {
		if err := p.Process.Signal(syscall.SIGHUP); err != nil {
			t.Fatal(err)
		}
	}
	rest, err := io.ReadAll(lines)
	if err != nil || !strings.HasSuffix(string(rest), "data: [DONE]\n\n") {
		t.Errorf("the stream ends with %q, %v", rest, err)
	}
	if err := exit(t, p); err != nil {
		t.Errorf("%v\n%s\n%s", err, stdout, p.Stderr)
	}
}

func TestTheDemonstrationEndsWithItsTerminal(t *testing.T) {
	p, stdout := launch(t, "demo", "--listen", "127.0.0.1:0", "--admin-listen", "127.0.0.1:0")
	stdout.await(t, "http://[^ ]+/ui/")
	if err := p.Process.Signal(syscall.SIGHUP); err != nil {
		t.Fatal(err)
	}
	if err := exit(t, p); err != nil {
		t.Errorf("%v\n%s", err, p.Stderr)
	}
}
