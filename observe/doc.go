// Package observe watches a client: what each provider has done lately, Prometheus
// metrics, and OpenTelemetry traces. A Recorder is a schemas.Hook that is handed to
// bifrost.Init; everything else reads from it and from Client.Stats.
package observe
