package main

import (
	"net/http"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"bifrost/remote"
)

// metricsOf shows what a node knows of its peers; nil without a node.
func metricsOf(node *remote.Node) http.Handler {
	if node == nil {
		return nil
	}
	registry := prometheus.NewRegistry()
	registry.MustRegister(node.Collector())
	return promhttp.HandlerFor(registry, promhttp.HandlerOpts{})
}
