package config

import (
	"bifrost/schemas"
)

// File is a file that has been read, with references replaced and defaults
// filled in. It holds secrets; Print writes it without them.
type File struct {
	// Bifrost is ready for Init. Its Account is that of this file.
	Bifrost schemas.BifrostConfig

	// Server is for the gateway; Init does not need it.
	Server Server

	// Node is for package remote. Nil: this process is no node.
	Node *Node

	// Providers are those that live here, sorted by name. There is at least one here
	// or in Remote.
	Providers []Provider

	// Remote has the providers that live on other nodes, by name. They are in neither
	// Providers nor the Account; models and fallbacks may name them. Nil: none.
	Remote map[string]RemoteProvider

	// Admin is for operators.
	Admin Admin

	// Clients are who may use the gateway, sorted by name. None: whoever reaches it.
	Clients []Client

	// Tracing is nil if no traces are sent.
	Tracing *Tracing

	AccessLog AccessLog

	// Prices are by "provider/model". Nil: none is known.
	Prices map[string]Price

	// Path is the file's name as it was given to Load or Parse.
	Path string
}

var fileSection = section[File]{check: checkFile, fields: []field[File]{
	whole("initial_pool_size", aSize(orDefaultOf("100")),
		func(f *File) *int { return &f.Bifrost.InitialPoolSize }),
	truth("drop_excess_requests", func(f *File, v bool) { f.Bifrost.DropExcessRequests = v }),
	nested("server", serverSection, func(f *File) *Server { return &f.Server }),
	{name: "node", read: readNode, below: nodeSection.paths},
	{name: "models", read: readModels, below: modelPaths},
	{name: "providers", read: readProviders, below: providerPaths},
}}

func modelPaths() []string { return named(aliasSection.paths()) }

func providerPaths() []string { return named(providerSection.paths()) }

// named returns paths below a name of the operator's choice.
func named(paths []string) []string {
	for i := range paths {
		paths[i] = "NAME." + paths[i]
	}
	return paths
}

func checkFile(r *reader, root value, has given, into *File) {
	if _, ok := has["providers"]; !ok {
		r.noProvider(1, "providers")
	}
	bindNode(r, into)
	checkTargets(r, root, into)
	checkFallbacks(r, root, into)
}

// bind reads the whole file from its tree.
func bind(r *reader, root *node, name string) *File {
	f := &File{Path: name}
	r.known = fileSection.paths()
	fileSection.read(r, value{node: root}, f)
	f.Server = f.Server.withDefaults()
	f.Bifrost = f.Bifrost.WithDefaults()
	f.Bifrost.Account = newAccount(f.Providers)
	return f
}
