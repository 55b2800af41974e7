package main

import (
	"maps"
	"slices"

	"github.com/rs/zerolog"

	"bifrost/config"
	"bifrost/gateway"
	"bifrost/observe"
)

// gatewayOptions are what a file says of the gateway.
func gatewayOptions(file *config.File, logger zerolog.Logger) gateway.Options {
	s := file.Server
	return gateway.Options{
		MaxBodyBytes:    s.MaxBodyBytes,
		BodyTimeout:     s.BodyTimeout,
		WriteTimeout:    s.WriteTimeout,
		AnswerTimeout:   s.AnswerTimeout,
		KeepAlive:       s.KeepAlive,
		Clients:         clientsOf(file),
		CORS:            gateway.CORS(s.CORS),
		Statuses:        s.Statuses,
		QueueUnmeetable: !s.RefuseUnmeetable,
		AccessLog:       &gateway.AccessLog{Enabled: file.AccessLog.Enabled, Sample: file.AccessLog.Sample},
		Logger:          logger,
	}
}

func clientsOf(file *config.File) []gateway.Client {
	var out []gateway.Client
	for _, c := range file.Clients {
		out = append(out, gateway.Client(c))
	}
	return out
}

func pricesOf(file *config.File) map[string]observe.Price {
	out := make(map[string]observe.Price, len(file.Prices))
	for model, p := range file.Prices {
		out[model] = observe.Price(p)
	}
	return out
}

// modelsOf are the models that the file names as targets: of aliases and of fallbacks.
func modelsOf(file *config.File) []string {
	all := make(map[string]bool)
	for _, a := range file.Bifrost.Models {
		for _, t := range a.Targets {
			all[t.Model] = true
		}
	}
	for _, p := range file.Providers {
		for _, f := range p.Config.Fallbacks {
			all[f] = true
		}
	}
	return slices.Sorted(maps.Keys(all))
}

// turnedAway is what a gateway has refused by itself, as metrics have it.
func turnedAway(g *gateway.Gateway) observe.TurnedAway {
	out := observe.TurnedAway{Clients: map[string]map[string]uint64{}, Strangers: g.Strangers()}
	for _, c := range g.Clients() {
		out.Clients[c.Name] = c.Refused
	}
	return out
}
