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

	line func(at string) int // of a key in the file
}

var fileSection = section[File]{check: checkFile, fields: []field[File]{
	whole("initial_pool_size", aSize("objects", orDefaultOf("100")), func(f *File) *int { return &f.Bifrost.InitialPoolSize }).
		doc("100", "pooled objects of each kind made at the start; also the most that are kept"),
	truth("drop_excess_requests", func(f *File, v bool) { f.Bifrost.DropExcessRequests = v }).
		doc("`false`", "a full queue refuses a request at once (`true`) or lets it wait (`false`)"),
	nested("server", serverSection, func(f *File) *Server { return &f.Server }),
	nested("admin", adminSection, func(f *File) *Admin { return &f.Admin }),
	{name: "clients", read: readClients, below: clientSection.byName(plainName)},
	nested("access_log", accessLogSection, func(f *File) *AccessLog { return &f.AccessLog }),
	optional("tracing", tracingSection, newTracing, func(f *File) **Tracing { return &f.Tracing }),
	{name: "prices", read: readPrices, below: priceSection.byName(modelName)},
	{name: "node", read: readNode, below: nodeSection.layout},
	{name: "models", read: readModels, below: aliasSection.byName(plainName)},
	{name: "providers", read: readProviders, below: providerSection.byName(plainName)},
}}

// Patterns of names that the operator chooses.
const (
	plainName = `^[^/\s\x00-\x1f\x7f]+$`
	modelName = `^[^/]+/.`
)

func checkFile(r *reader, root value, has given, into *File) {
	if _, ok := has["providers"]; !ok {
		r.noProvider(1, "providers")
	}
	bindNode(r, into)
	checkTargets(r, root, into)
	checkFallbacks(r, root, into)
	checkClients(r, root, into)
	checkPrices(r, root, into)
	checkListeners(r, root, into)
}

// bind reads the whole file from its tree.
func bind(r *reader, root *node, name string) *File {
	f := &File{Path: name, line: linesOf(root), Server: newServer(), Admin: newAdmin(), AccessLog: newAccessLog()}
	r.known = fileSection.layout().paths()
	if r.format == JSON {
		root.drop("$schema") // it is for editors
	}
	fileSection.read(r, value{node: root}, f)
	f.Server = f.Server.withDefaults()
	f.Admin = f.Admin.withDefaults()
	f.Bifrost = f.Bifrost.WithDefaults()
	f.Bifrost.Account = newAccount(f.Providers)
	return f
}
