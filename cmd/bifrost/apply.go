package main

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"bifrost"
	"bifrost/admin"
	"bifrost/config"
	"bifrost/remote"
)

// reloadPatience is how long a reload may wait for changes that are under way.
const reloadPatience = time.Minute

// apply puts a file into force in place of the one that runs. What may fail comes first.
func (s *service) apply(ctx context.Context, now, next *config.File) error {
	if !reflect.DeepEqual(now.Node, next.Node) || !reflect.DeepEqual(now.Remote, next.Remote) {
		return errors.New("what is said of other nodes, and of providers on them, cannot change while the program runs; restart it")
	}
	options := gatewayOptions(next, s.logger)
	if err := options.Validate(); err != nil {
		return err
	}
	replace, err := s.nextIdentities(now, next)
	if err != nil {
		return err
	}
	if err := s.client.Reconfigure(ctx, next.Bifrost); err != nil {
		return err
	}
	replace()
	s.gateway.Configure(options)
	s.observe(next)
	_ = s.level.set(next.Server.LogLevel) // which the file's reader has checked
	if now.Admin.Token != next.Admin.Token || now.Admin.UI != next.Admin.UI || now.Admin.Profiles != next.Admin.Profiles {
		s.admin.show(s, next)
	}
	return nil
}

// nextIdentities reads other certificate files, and returns what puts them into force.
func (s *service) nextIdentities(now, next *config.File) (replace func(), err error) {
	own, err := s.identity.next(now.Server.TLS, next.Server.TLS, s.logger)
	if err != nil {
		return nil, fmt.Errorf("server.tls: %w", err)
	}
	admins := func() {}
	if s.admin != nil {
		if admins, err = s.admin.identity.next(now.Admin.TLS, next.Admin.TLS, s.logger); err != nil {
			return nil, fmt.Errorf("admin.tls: %w", err)
		}
	}
	return func() { own(); admins() }, nil
}

// reload reads the configuration again, for a trigger that the log names.
func (s *service) reload(ctx context.Context, trigger string, dryRun bool) admin.Reload {
	ctx, cancel := context.WithTimeout(ctx, reloadPatience)
	defer cancel()
	if !dryRun {
		s.notify(reloading())
	}
	out := s.machine.Reload(ctx, dryRun)
	if dryRun {
		return out
	}
	s.notify(ready(out.Config))
	if !out.Applied {
		s.logger.Error().Str("trigger", trigger).Strs("errors", out.Errors).Int("config", out.Config.Number).
			Msg("the configuration was not reloaded; what ran before runs on")
		return out
	}
	keys := make([]string, len(out.Changes))
	for i, c := range out.Changes {
		keys[i] = c.Key
	}
	said := "the configuration was reloaded"
	if len(keys) == 0 {
		said = "the configuration was read again; nothing in it has changed"
	}
	s.logger.Info().Str("trigger", trigger).Strs("changes", keys).Int("config", out.Config.Number).Str("digest", out.Config.Digest).Msg(said)
	return out
}

// set changes settings until the next reload.
func (s *service) set(ctx context.Context, provider string, settings admin.Settings) error {
	ctx, cancel := context.WithTimeout(ctx, reloadPatience)
	defer cancel()
	if err := s.machine.Set(ctx, provider, settings); err != nil {
		return err
	}
	line := s.logger.Info().Str("provider", provider)
	if settings.Drop != nil {
		line.Bool("drop_excess_requests", *settings.Drop)
	}
	if settings.Concurrency != nil {
		line.Int("concurrency", *settings.Concurrency)
	}
	if settings.BufferSize != nil {
		line.Int("buffer_size", *settings.BufferSize)
	}
	line.Msg("settings were changed until the next reload")
	return nil
}

// checkRuns finds out whether a client would start with a file, without reaching anybody.
func checkRuns(file *config.File) error {
	options, end := unreached(file)
	defer end()
	client, err := bifrost.Init(file.Bifrost, options...)
	if err != nil {
		return err
	}
	ended, cancel := context.WithCancel(context.Background())
	cancel()
	return client.Shutdown(ended)
}

// collectors are the metrics of a node, if there is one.
func collectors(node *remote.Node) []prometheus.Collector {
	if node == nil {
		return nil
	}
	return []prometheus.Collector{node.Collector()}
}
