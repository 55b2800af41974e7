// Package providers builds the adapter of a configured provider.
//
// Build is the registry: a provider's type, or else its name, names a row of the
// table of OpenAI-compatible providers, or the simulated one. A new compatible
// provider is a new row in table.go and nothing else; a dialect of its own would
// be a package beside adapter.
//
// Every adapter passes the suite of package providertest.
package providers
