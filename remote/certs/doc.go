// Package certs has the certificates by which nodes know each other: it makes
// them for development, and loads them for TLS.
//
// WriteCA and WriteNode write a certificate authority and the certificates of its
// nodes as PEM files. Load reads the files of one node into an Identity, whose
// TLS configurations demand TLS 1.3 and a certificate on both sides. It knows
// files, not where they come from: those of any other authority do as well.
//
// LoadListener reads those of a listener for other programs, such as clients of an HTTP
// server, into a Listener: TLS 1.2 at least, and a certificate of callers only where
// their authority is named.
//
// An Identity follows its files. They are read again when a handshake begins, and
// by NotAfter and ExpiresSoon, at most once a second. New files take effect for new
// connections; those that are open stay as they are. Files that are broken or half
// written change nothing, and are reported once. There is no goroutine, so there is
// nothing to stop.
//
// An address is believed only as far as a certificate goes: who dials checks that
// the certificate names the host that was dialled, and who is told an address by a
// peer checks it with VerifyHost. Advice says what to do about a connection that was
// refused.
//
// No error and no notice has anything of a private key.
package certs
