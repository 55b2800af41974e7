// Package adapter is what every provider's adapter is made of: it adds address,
// credentials, headers and known quirks to the codec of a dialect and the client of
// package httpx.
//
// A call makes one attempt. It returns once its first content is there: for a
// whole answer all of it, for a stream its first chunk, for a raw call its first
// bytes or event, or as much as shows that a success has no error within. So
// whatever goes wrong before can still be tried again. Errors are *schemas.Error
// and name the provider and model; their text has nothing of a request, an answer
// or a key.
//
// A raw answer is delivered as it comes, but for what SDKs cannot take (see
// dialect.Watch) and for the key, where headers or an error quote it. The content of a
// stored file is not looked at. Whatever counts tokens in an answer is read as it passes,
// and of what is not a stream at its end only.
//
// The package starts no goroutine. An Adapter is safe for concurrent use.
package adapter
