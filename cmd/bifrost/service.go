package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"sync"
	"syscall"
	"time"

	"github.com/rs/zerolog"
	"go.opentelemetry.io/otel/trace"

	"bifrost"
	"bifrost/admin"
	"bifrost/cmd/bifrost/internal/reload"
	"bifrost/config"
	"bifrost/gateway"
	"bifrost/observe"
	"bifrost/remote"
	"bifrost/schemas"
)

// setup is what a service is started with.
type setup struct {
	load    func() (*config.File, error) // reads the configuration, at the start and at each reload
	watch   string                       // path of the file that is reloaded when it changes; empty: none
	hangups <-chan os.Signal             // each asks for a reload; nil: none does
	orFree  bool                         // any free port of loopback stands in for one that is in use
	demo    http.Handler                 // of the admin listener; nil: none
	hooks   []schemas.Hook               // beside those of the recorder
}

// service is the gateway and all that runs beside it. It is made by start, waited for by
// wait and ended by stop. Its parts come up in the order of the fields.
type service struct {
	setup
	began  time.Time
	logger zerolog.Logger
	level  *logLevel

	listener net.Listener
	identity *identity  // of listener; nil: it is without TLS
	admin    *operators // nil: there is no admin listener
	tracers  trace.TracerProvider
	untrace  func(context.Context) error // sends what is left of the traces; nil: there are none
	recorder *observe.Recorder
	node     *remote.Node // nil: this process is alone
	client   *bifrost.Client
	gateway  *gateway.Gateway
	server   *http.Server
	machine  *reload.Machine
	members  *members // nil: nothing looks for other nodes

	failed   chan error         // why a listener, or a source of members, has ended
	endWatch context.CancelFunc // ends the triggers of reloads
	running  sync.WaitGroup     // servers and triggers
}

// start reads the configuration and starts what it says. An error leaves nothing running.
func start(ctx context.Context, o setup, stderr io.Writer) (*service, error) {
	s := &service{setup: o, began: time.Now(), failed: make(chan error, 4), endWatch: func() {}}
	watched := s.watched() // before it is read, so that no change is missed
	file, err := o.load()
	if err != nil {
		return nil, err
	}
	if s.logger, s.level, err = newLogger(stderr, file.Server.LogLevel); err != nil {
		return nil, errors.Join(err, s.abandon())
	}
	for _, step := range []func(context.Context, *config.File) error{
		s.listen, s.startTracing, s.startNode, s.startClient, s.startGateway, s.startMachine, s.startMembers,
	} {
		if err := step(ctx, file); err != nil {
			return nil, errors.Join(err, s.abandon())
		}
	}
	s.members.await(ctx, file)
	s.serve()
	s.trigger(watched)
	v := s.machine.Version()
	s.logger.Info().Str("gateway", s.url()).Str("admin", s.adminURL()).Str("file", v.Path).Int("config", v.Number).Str("digest", v.Digest).Msg("the gateway is running")
	s.notify(ready(v))
	return s, nil
}

// listen opens both listeners.
func (s *service) listen(_ context.Context, file *config.File) (err error) {
	if s.listener, err = net.Listen("tcp", file.Server.Listen); s.orFree && errors.Is(err, syscall.EADDRINUSE) {
		s.listener, err = net.Listen("tcp", "127.0.0.1:0")
	}
	if err != nil {
		return cannotListen(file.Server.Listen, "--listen", err)
	}
	if s.listener, s.identity, err = secured(s.listener, file.Server.TLS, s.logger); err != nil {
		return fmt.Errorf("%s: server.tls: %w", file.Path, err)
	}
	if s.admin, err = listenForOperators(file.Admin, s.logger); err != nil {
		return fmt.Errorf("%s: %w", file.Path, err)
	}
	return nil
}

func (s *service) startTracing(ctx context.Context, file *config.File) error {
	t := file.Tracing
	if t == nil {
		return nil
	}
	var err error
	s.tracers, s.untrace, err = observe.StartTracing(ctx, observe.TracingOptions{Endpoint: t.Endpoint, Protocol: t.Protocol, Headers: t.Headers,
		SampleRatio: t.SampleRatio, ServiceName: t.ServiceName, Version: shortVersion(), Logger: s.logger})
	if err != nil {
		return fmt.Errorf("%s: tracing: %w", file.Path, err)
	}
	return nil
}

func (s *service) startNode(_ context.Context, file *config.File) (err error) {
	s.node, err = startNode(file, s.logger)
	return err
}

func (s *service) startClient(_ context.Context, file *config.File) (err error) {
	s.recorder = observe.NewRecorder(observe.Options{Tracers: s.tracers, Version: shortVersion()})
	s.observe(file)
	options := []bifrost.Option{bifrost.WithLogger(s.logger), bifrost.WithHooks(append([]schemas.Hook{s.recorder.Hook()}, s.hooks...)...)}
	if s.node != nil {
		options = append(options, bifrost.WithNode(s.node))
	}
	if s.client, err = bifrost.Init(file.Bifrost, options...); err != nil {
		return fmt.Errorf("%s: %w", file.Path, err)
	}
	return nil
}

// observe tells the recorder what a configuration says of models.
func (s *service) observe(file *config.File) {
	s.recorder.SetPrices(pricesOf(file))
	s.recorder.SetModels(modelsOf(file))
}

func (s *service) startGateway(_ context.Context, file *config.File) error {
	options := gatewayOptions(file, s.logger)
	if err := options.Validate(); err != nil {
		return fmt.Errorf("%s: %w", file.Path, err)
	}
	s.gateway = gateway.New(s.client, options)
	s.recorder.SetTurnedAway(func() observe.TurnedAway { return turnedAway(s.gateway) })
	s.server = newServer(s.recorder.Middleware(s.gateway), s.logger)
	s.server.ReadHeaderTimeout, s.server.IdleTimeout = file.Server.ReadHeaderTimeout, file.Server.IdleTimeout
	s.server.MaxHeaderBytes = file.Server.MaxHeaderBytes
	return nil
}

func (s *service) startMachine(_ context.Context, file *config.File) error {
	s.machine = reload.New(reload.Options{File: file, Load: s.load, Check: checkRuns, Apply: s.apply,
		Told: func(v admin.ConfigVersion) { s.recorder.SetConfig(v.Number, v.LoadedAt, v.Failed != "") }})
	s.admin.show(s, file)
	return nil
}

func (s *service) startMembers(_ context.Context, file *config.File) (err error) {
	s.members, err = startMembers(file, s.node, s.logger)
	return err
}

// serve lets both listeners answer.
func (s *service) serve() {
	s.running.Go(func() { // ends when the server is shut down
		if err := s.server.Serve(s.listener); !errors.Is(err, http.ErrServerClosed) {
			s.failed <- fmt.Errorf("the gateway has stopped listening: %w", err)
		}
	})
	if s.admin != nil {
		s.running.Go(func() { // ends when the server is shut down
			if err := s.admin.serve(); !errors.Is(err, http.ErrServerClosed) {
				s.failed <- fmt.Errorf("the admin listener has stopped: %w", err)
			}
		})
	}
}

// wait blocks until ctx ends, or something has failed without which there is no gateway.
func (s *service) wait(ctx context.Context) (failure error) {
	select {
	case <-ctx.Done():
		return nil
	case err := <-s.failed:
		return err
	case err := <-s.members.failure():
		return err
	}
}

// url is where this machine reaches the gateway.
func (s *service) url() string { return reachable(s.listener.Addr(), s.identity) }

// adminURL is where this machine reaches the admin listener; empty if there is none.
func (s *service) adminURL() string {
	if s.admin == nil {
		return ""
	}
	return reachable(s.admin.listener.Addr(), s.admin.identity)
}

// patience is how long accepted work may take to finish.
func (s *service) patience() time.Duration { return s.machine.Running().Server.ShutdownTimeout }
