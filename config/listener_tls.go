package config

func newTLS() *TLS { return &TLS{} }

var listenerTLSSection = section[TLS]{check: checkListenerTLS, fields: []field[TLS]{
	pemFile("cert_file", `"gateway.pem"`, func(t *TLS) *string { return &t.CertFile }).
		required("the listener's certificate and those between it and its authority, a PEM file", "a file with a certificate"),
	pemFile("key_file", `"gateway.key"`, func(t *TLS) *string { return &t.KeyFile }).
		required("its private key, a PEM file", "the key of that certificate"),
	pemFile("client_ca_file", `"clients-ca.pem"`, func(t *TLS) *string { return &t.ClientCAFile }).
		doc("no certificate is asked for", "whoever connects must show a certificate of this authority, a PEM file", "a file with a certificate"),
}}

func checkListenerTLS(r *reader, table value, has given, into *TLS) {
	for _, f := range []string{"cert_file", "key_file"} {
		if _, ok := has[f]; !ok {
			r.fault(table.line, table.at.key(f), "is missing; a listener with TLS has cert_file and key_file; add it, or remove the table")
		}
	}
	if into.CertFile != "" && into.KeyFile != "" {
		r.pairs = append(r.pairs, keyPair{has["cert_file"], has["key_file"], into.CertFile, into.KeyFile})
	}
	if into.ClientCAFile != "" {
		ca := has["client_ca_file"]
		r.caFiles = append(r.caFiles, caFile{ca.line, ca.at, into.ClientCAFile})
	}
}
