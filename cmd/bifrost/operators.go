package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/rs/zerolog"

	"bifrost/admin"
	"bifrost/config"
)

// operators is the admin listener. A nil one is off.
type operators struct {
	listener net.Listener
	identity *identity // nil: it is without TLS
	server   *http.Server

	handler  atomic.Pointer[admin.Handler] // replaced when its settings are
	draining atomic.Bool

	mu   sync.Mutex // guards what is made of a version
	text map[string]string
}

// listenForOperators opens the admin listener; nil if it is off. Where the file names no
// address, a free port stands in for the default's if that is in use.
func listenForOperators(a config.Admin, logger zerolog.Logger) (*operators, error) {
	if a.Listen == config.Off {
		return nil, nil
	}
	l, err := net.Listen("tcp", a.Listen)
	if errors.Is(err, syscall.EADDRINUSE) && !a.Given {
		l, err = net.Listen("tcp", "127.0.0.1:0")
	}
	if err != nil {
		return nil, cannotListen(a.Listen, "admin.listen in the configuration", err)
	}
	o := &operators{}
	if o.listener, o.identity, err = secured(l, a.TLS, logger); err != nil {
		_ = l.Close()
		return nil, fmt.Errorf("admin.tls: %w", err)
	}
	o.server = newServer(o, logger)
	return o, nil
}

// ServeHTTP answers with the handler that is in force.
func (o *operators) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	o.handler.Load().ServeHTTP(w, r)
}

func (o *operators) serve() error { return o.server.Serve(o.listener) }

// show puts a handler for a file's settings into force; who watches an older one has to
// come again. It does nothing if the listener is off.
func (o *operators) show(s *service, file *config.File) {
	if o == nil {
		return
	}
	more := collectors(s.node)
	next := admin.New(admin.Options{
		Client:   s.client,
		Recorder: s.recorder,
		Metrics:  s.recorder.Metrics(s.client, more...),
		Version:  shortVersion(),
		Started:  s.began,
		Token:    file.Admin.Token,
		Hosts:    hostsOf(file.Admin),
		UI:       file.Admin.UI,
		Profiles: file.Admin.Profiles,
		Config:   func() admin.RunningConfig { return o.config(s) },
		Drop:     func() bool { return s.machine.Running().Bifrost.DropExcessRequests },
		Reload: func(ctx context.Context, dryRun bool) admin.Reload {
			return s.reload(ctx, "the admin API", dryRun)
		},
		Set:      s.set,
		Draining: o.draining.Load,
		Demo:     s.demo,
	})
	if old := o.handler.Swap(next); old != nil {
		old.Close()
	}
}

// hostsOf is the name, if it is one, that a listener is called by.
func hostsOf(a config.Admin) []string {
	host, _, err := net.SplitHostPort(a.Listen)
	if err != nil || host == "" || net.ParseIP(host) != nil {
		return nil
	}
	return []string{host}
}

// config is what runs, as text. It is asked for often, and made once a version.
func (o *operators) config(s *service) admin.RunningConfig {
	file, version := s.machine.Now()
	o.mu.Lock()
	defer o.mu.Unlock()
	text, made := o.text[version.Digest]
	if !made {
		var b strings.Builder
		_ = file.Print(&b) // to memory
		text = b.String()
		o.text = map[string]string{version.Digest: text}
	}
	return admin.RunningConfig{ConfigVersion: version, Text: text}
}

// drains says that the program is about to end. It does nothing if the listener is off.
func (o *operators) drains() {
	if o != nil {
		o.draining.Store(true)
	}
}

// stop ends the listener, within a second. It does nothing if it is off.
func (o *operators) stop() {
	if o == nil {
		return
	}
	if h := o.handler.Load(); h != nil {
		h.Close()
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	if o.server.Shutdown(ctx) != nil {
		_ = o.server.Close() // it is for onlookers
	}
	_ = o.listener.Close() // which the server may never have had
}
