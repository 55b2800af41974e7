package config

import (
	"errors"
	"fmt"
)

// ErrExposed tells that a listener off loopback would let in whoever reaches it.
var ErrExposed = errors.New("is off loopback, and no client keys are configured")

const (
	clientsAdvice = `add a client (` + `"bifrost keys new" makes its key` + `), or server.tls.client_ca_file, ` +
		`or set server.allow_unauthenticated to true in a network that you trust`
	tokenAdvice = `add admin.token (as in "env.BIFROST_ADMIN_TOKEN"; "openssl rand -hex 32" makes one), or admin.tls.client_ca_file, ` +
		`or listen on loopback`
)

// CheckListen sees that the gateway may listen on address, host:port, as the file is:
// off loopback it needs clients, certificates of clients, or the file's word that it
// does not. The error wraps ErrExposed.
func (f *File) CheckListen(address string) error {
	if f.mayListen(address) {
		return nil
	}
	return fmt.Errorf("%s %w; %s", address, ErrExposed, clientsAdvice)
}

func (f *File) mayListen(address string) bool {
	return len(f.Clients) > 0 || f.Server.AllowUnauthenticated || f.Server.TLS.asksClients() || isLoopback(address)
}

// asksClients reports whether whoever connects must show a certificate.
func (t *TLS) asksClients() bool { return t != nil && t.ClientCAFile != "" }

// isLoopback reports whether only this machine reaches an address. One that is none is
// nobody's.
func isLoopback(text string) bool {
	a, ok := parseAddress(text)
	return !ok || a.loopback()
}

// checkListeners looks at who reaches the listeners, and that they are not the same.
func checkListeners(r *reader, root value, into *File) {
	server, _ := root.member("server")
	admin, _ := root.member("admin")
	listen, given := server.member("listen")
	clients, some := root.member("clients")
	some = some && (clients.kind != kindTable || len(clients.members) > 0)
	if given && into.Server.Listen != "" && !some && !into.mayListen(into.Server.Listen) {
		r.fault(listen.line, listen.at, "%v; %s", ErrExposed, clientsAdvice)
	}
	own, given := admin.member("listen")
	_, hasToken := admin.member("token")
	if !given || into.Admin.Listen == "" || into.Admin.Listen == Off {
		return
	}
	if !hasToken && !into.Admin.TLS.asksClients() && !isLoopback(into.Admin.Listen) {
		r.fault(own.line, own.at, "is off loopback, where whoever reaches it could change what runs; %s", tokenAdvice)
	}
	if a, ok := parseAddress(into.Admin.Listen); ok && a.port != "0" && into.Admin.Listen == into.Server.withDefaults().Listen {
		r.fault(own.line, own.at, "is the address of the gateway, too; choose another port")
	}
}
