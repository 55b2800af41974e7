package simulated

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
)

// A signature proves to the simulation, when a piece of thinking comes back to it, that
// it gave this piece: that is what providers sign their thinking for. It has the hash of
// what was thought, and a code over that, the piece's format and what the caller was
// shown of it.
const (
	thoughtSize   = 8
	signatureSize = thoughtSize + 16
)

// sign returns the signature of a thought of which the caller is shown a part, or
// nothing. Upstreams of one seed know each other's signatures.
func sign(seed uint64, format, thought, shown string) string {
	signature := binary.BigEndian.AppendUint64(make([]byte, 0, signatureSize+sha256.Size), hashText(hashSeed, thought))
	signature = append(signature, authenticate(seed, format, signature, shown)...)
	return base64.StdEncoding.EncodeToString(signature)
}

// signed reports whether sign gave a signature for what the caller was shown.
func signed(seed uint64, format, shown, signature string) bool {
	data, err := base64.StdEncoding.DecodeString(signature)
	return err == nil && len(data) == signatureSize &&
		hmac.Equal(data[thoughtSize:], authenticate(seed, format, data[:thoughtSize], shown))
}

func authenticate(seed uint64, format string, thought []byte, shown string) []byte {
	code := hmac.New(sha256.New, binary.BigEndian.AppendUint64([]byte("simulated"), seed))
	code.Write(thought)
	code.Write([]byte(format))
	code.Write([]byte{0})
	code.Write([]byte(shown))
	return code.Sum(nil)[:signatureSize-thoughtSize]
}
