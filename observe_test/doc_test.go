// Package observe_test has Prometheus' own programs judge what is exposed: promtool
// checks the metrics and the alerts, and a Prometheus scrapes a gateway and answers the
// dashboard's queries. It needs Debian's package prometheus.
package observe_test
