// Package admin is the operators' side of a gateway: the admin API, and the dashboard
// that uses it. It is served on a listener of its own.
//
//	GET   /api/v1/state                 everything in one snapshot
//	GET   /api/v1/events?interval=1s    the same as server-sent events
//	GET   /api/v1/providers/{name}      one provider, with its workers and last errors
//	PATCH /api/v1/providers/{name}      drop mode, concurrency, buffer size, at run time
//	PATCH /api/v1/settings              drop mode of all providers
//	GET   /api/v1/dead-letters          by reason, and the last ones
//	GET   /api/v1/config                what runs, secrets masked
//	POST  /api/v1/reload?dry_run=true   reads the file again
//	GET   /metrics                      Prometheus
//	GET   /healthz                      200 while the process serves
//	GET   /debug/pprof/                 profiles
//	GET   /ui/                          the dashboard
//
// Errors are {"error":{"code":"…","message":"…"}}.
package admin
