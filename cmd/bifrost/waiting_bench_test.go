//go:build linux

package main

import (
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"
)

// BenchmarkWaitingCaller has callers wait at a gateway in a process of its own, and reports
// by how much its resident memory grows for each: a connection, a goroutine, a body, a place
// in the queue or behind it. docs/sizing.md has what it said.
func BenchmarkWaitingCaller(b *testing.B) {
	const callers = 1000
	binary := filepath.Join(b.TempDir(), "bifrost")
	if out, err := exec.CommandContext(b.Context(), "go", "build", "-buildvcs=false", "-o", binary, ".").CombinedOutput(); err != nil {
		b.Fatalf("%v\n%s", err, out)
	}
	for _, kilobytes := range []int{1, 10, 100} {
		b.Run(fmt.Sprintf("%dKB", kilobytes), func(b *testing.B) {
			var before, after int
			for range b.N {
				before, after = residentWith(b, binary, callers, kilobytes<<10)
			}
			b.ReportMetric(float64(before)/1024, "KB-idle")
			b.ReportMetric(float64(after-before)/1024/callers, "KB/caller")
		})
	}
}

const endlessProvider = `initial_pool_size = 1000
[server]
listen = "127.0.0.1:0"
[providers.simulated]
simulation = { latency = "1h" }
concurrency_and_buffer_size = { concurrency = 1, buffer_size = 100 }
network_config = { first_byte_timeout = "2h", total_timeout = "2h" }
`

// residentWith starts a gateway and returns its resident memory, in bytes, before and after
// callers wait there whose bodies have a size.
func residentWith(b *testing.B, binary string, callers, size int) (before, after int) {
	b.Helper()
	path := filepath.Join(b.TempDir(), "bifrost.toml")
	if err := os.WriteFile(path, []byte(endlessProvider), 0o600); err != nil {
		b.Fatal(err)
	}
	output := newConsole()
	cmd := exec.CommandContext(b.Context(), binary, "serve", "--config", path)
	cmd.Stdout, cmd.Stderr = output, io.Discard
	if err := cmd.Start(); err != nil {
		b.Fatal(err)
	}
	defer func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	}()
	poll(b, func() bool { return strings.Contains(output.String(), "try it") })
	base := regexp.MustCompile(`(?m)` + bannerURL).FindStringSubmatch(output.String())[1]
	accepted(b, base)
	before = resident(b, cmd.Process.Pid)
	body := `{"model":"simulated/sim-small","messages":[{"role":"user","content":"` + strings.Repeat("x", size) + `"}]}`
	request := fmt.Sprintf("POST /v1/chat/completions HTTP/1.1\r\nHost: bifrost\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s", len(body), body)
	for range callers {
		conn, err := net.Dial("tcp", strings.TrimPrefix(base, "http://"))
		if err != nil {
			b.Fatal(err)
		}
		defer conn.Close()
		if _, err := io.WriteString(conn, request); err != nil {
			b.Fatal(err)
		}
	}
	poll(b, func() bool { return accepted(b, base) == callers })
	return before, resident(b, cmd.Process.Pid)
}

// poll waits until it is so.
func poll(b *testing.B, is func() bool) {
	b.Helper()
	late, again := time.After(patience), time.NewTicker(10*time.Millisecond)
	defer again.Stop()
	for !is() {
		select {
		case <-again.C:
		case <-late:
			b.Fatal("waited too long")
		}
	}
}

// accepted is how many requests the simulated provider's queue has, and those around it.
func accepted(b *testing.B, base string) int {
	b.Helper()
	answer, err := http.Get(base + "/readyz")
	if err != nil {
		b.Fatal(err)
	}
	defer answer.Body.Close()
	var ready struct {
		Providers map[string]struct {
			Queued  int `json:"queued"`
			InHand  int `json:"in_hand"`
			Waiting int `json:"waiting"`
		} `json:"providers"`
	}
	if err := json.NewDecoder(answer.Body).Decode(&ready); err != nil {
		b.Fatal(err)
	}
	p := ready.Providers["simulated"]
	return p.Queued + p.InHand + p.Waiting
}

// resident is the memory of a process that is in use, in bytes.
func resident(b *testing.B, pid int) int {
	b.Helper()
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		b.Fatal(err)
	}
	found := regexp.MustCompile(`VmRSS:\s+(\d+) kB`).FindSubmatch(status)
	kilobytes, err := strconv.Atoi(string(found[1]))
	if err != nil {
		b.Fatal(err)
	}
	return kilobytes << 10
}
