package certs

import (
	"crypto"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"strings"
)

const (
	certificateBlock = "CERTIFICATE"
	keyBlock         = "PRIVATE KEY" // PKCS#8
)

// parseCertificates returns the certificates of a PEM text, at least one, in its
// order. Other blocks are passed over.
func parseCertificates(text []byte) ([]*x509.Certificate, error) {
	var found []*x509.Certificate
	hasKey := false
	for block, rest := pem.Decode(text); block != nil; block, rest = pem.Decode(rest) {
		hasKey = hasKey || isKey(block)
		if block.Type != certificateBlock {
			continue
		}
		cert, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			return nil, fmt.Errorf("certificate %d cannot be read: %w; make the file anew", len(found)+1, err)
		}
		found = append(found, cert)
	}
	switch {
	case len(found) > 0:
		return found, nil
	case hasKey:
		return nil, errors.New("has a private key and no certificate; is it the key_file?")
	}
	return nil, errors.New("has no certificate in PEM form, which begins with \"-----BEGIN CERTIFICATE-----\"; make the file anew")
}

// parseKey returns the first private key of a PEM text.
func parseKey(text []byte) (crypto.Signer, error) {
	hasCertificate := false
	for block, rest := pem.Decode(text); block != nil; block, rest = pem.Decode(rest) {
		hasCertificate = hasCertificate || block.Type == certificateBlock
		if isKey(block) {
			return parseKeyBlock(block)
		}
	}
	if hasCertificate {
		return nil, errors.New("has a certificate and no private key; is it the cert_file?")
	}
	return nil, errors.New("has no private key in PEM form, which begins with \"-----BEGIN PRIVATE KEY-----\"; make the file anew")
}

func isKey(block *pem.Block) bool {
	return block.Type == keyBlock || strings.HasSuffix(block.Type, " "+keyBlock)
}

// parseKeyBlock passes over what the parsers say, which is about the other forms.
func parseKeyBlock(block *pem.Block) (crypto.Signer, error) {
	var key any
	var err error
	switch {
	case block.Type == "ENCRYPTED PRIVATE KEY" || block.Headers["DEK-Info"] != "":
		return nil, errors.New("is encrypted, and nobody is there to be asked for its passphrase; decrypt it with \"openssl pkey\"")
	case block.Type == "EC PRIVATE KEY":
		key, err = x509.ParseECPrivateKey(block.Bytes)
	case block.Type == "RSA PRIVATE KEY":
		key, err = x509.ParsePKCS1PrivateKey(block.Bytes)
	default:
		key, err = x509.ParsePKCS8PrivateKey(block.Bytes)
	}
	if err != nil {
		return nil, errors.New("its private key cannot be read; make it anew together with its certificate")
	}
	signer, ok := key.(crypto.Signer)
	if !ok {
		return nil, fmt.Errorf("its private key cannot sign (%T); make an ECDSA key", key)
	}
	return signer, nil
}

// belongs reports whether the certificate is about the key.
func belongs(key crypto.Signer, cert *x509.Certificate) bool {
	public, ok := key.Public().(interface{ Equal(crypto.PublicKey) bool })
	return ok && public.Equal(cert.PublicKey)
}

// encode returns the PEM text of one block.
func encode(kind string, der []byte) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der})
}
