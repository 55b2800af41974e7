// Package faults_test does to each provider what providers do when they fail, and
// looks at what the caller is told, what the client did about it, and whether the
// worker came back. Everything is real but the provider: the gateway, the client, and
// connections of loopback. The table of this package is docs/faults.md.
package faults_test
