package main

import (
	"net"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestSystemdIsToldOfStartReloadAndEnd(t *testing.T) {
	socket := filepath.Join(t.TempDir(), "notify")
	l, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: socket, Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	t.Setenv("NOTIFY_SOCKET", socket)
	told := func() string {
		text := make([]byte, 1000)
		_ = l.SetReadDeadline(time.Now().Add(patience))
		n, err := l.Read(text)
		if err != nil {
			t.Fatal(err)
		}
		return string(text[:n])
	}
	r, path, url := served(t, unwatched(servedText("")))
	if got := told(); !strings.HasPrefix(got, "READY=1\nSTATUS=configuration 1 (") {
		t.Errorf("at the start: %q", got)
	}
	rewrite(t, path, unwatched(servedText(fiveWorkers)))
	if got := execute(t, "reload", "--admin", url); got.err != nil {
		t.Error(got.err)
	}
	if got := told(); !strings.HasPrefix(got, "RELOADING=1\nMONOTONIC_USEC=") {
		t.Errorf("at a reload: %q", got)
	}
	if got := told(); !strings.HasPrefix(got, "READY=1\nSTATUS=configuration 2 (") {
		t.Errorf("after it: %q", got)
	}
	r.stop()
	if got := told(); got != "STOPPING=1" {
		t.Errorf("at the end: %q", got)
	}
	if err := await(t, r.ended); err != nil {
		t.Error(err)
	}
}
