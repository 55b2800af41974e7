// Package observe watches a client: what each provider has done lately, Prometheus
// metrics, and OpenTelemetry traces. A Recorder is a schemas.Hook that is handed to
// bifrost.Init; everything else reads from it and from Client.Stats.
//
//	recorder := observe.NewRecorder(observe.Options{})
//	client, err := bifrost.Init(config, bifrost.WithHooks(recorder.Hook()))
//	...
//	http.Handle("/metrics", recorder.Metrics(client))
//
// Nothing of what is recorded has content, keys or error text. Names are those of the
// configuration; what a caller may choose freely, as a model, is counted by name only
// if the configuration or the list of prices has it.
package observe
