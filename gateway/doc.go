// Package gateway is the HTTP face of a client: an http.Handler that speaks the
// dialects of OpenAI, Anthropic and Gemini.
//
//	POST /v1/chat/completions   with and without "stream": true
//	POST /v1/embeddings
//	GET  /v1/models             of all providers, as "provider/model"
//	GET  /v1/models/{model}
//	POST /v1/…                  any other operation of OpenAI's, uploads too
//	GET, DELETE /v1/…           files, batches, responses and what else is kept
//	POST /v1/messages           Anthropic's, as is what is below it
//	POST /v1beta/models/…:…     Gemini's calls of a model, as /v1/models/…:… is
//	GET  /v1beta/models         in Gemini's form, and one of them
//	GET  /healthz               200 while the process serves
//	GET  /readyz                200 while requests are admitted, else 503
//
// With Options.Clients all but /healthz and /readyz needs a key of a client, as the API
// key of whichever SDK: it decides what may be used, how much of it, and what the log
// says; docs/security.md has the rules. Options can be replaced while the gateway serves,
// by Configure.
//
// OpenAI's routes are served under /openai/v1 too, Anthropic's and its model lists under
// /anthropic/v1, Gemini's under /genai/v1beta and /genai/v1; a request for the models
// with a header of Anthropic's or Google's clients is theirs. The model decides the provider, as
// bifrost.Client.Resolve says. A call that names none, as one about a file or a batch,
// goes to the provider that the header X-Bifrost-Provider names, or else to the only one
// of the caller's dialect that has the operation; what is kept at a provider names models
// as the provider does. To a provider of the caller's dialect the body goes byte for byte
// but for the model's name, and but for one option where the client has hooks, as an
// observed one does: the usage of an OpenAI stream is asked for in it, and stays out of the
// answer unless its caller has asked. Any other is asked through the canonical form, and
// X-Bifrost-Dropped names what it cannot carry. An answer of the caller's dialect comes
// back as it is, but for what SDKs cannot take and for keys of ours in it, so fields that
// this version does not know survive. A body is an object in JSON, with Content-Type
// application/json or one that ends in +json, or a form, multipart/form-data, where it has
// a file. It is read whole before it is sent on; a file's content comes back as the
// provider sends it.
//
// # What is promised
//
//   - Every reply has X-Request-Id: the caller's own if it is up to 128 visible
//     ASCII characters, else a new one. X-Bifrost-Provider names who served.
//   - Every error, a wrong path or method included, is an error body of the caller's
//     dialect, with X-Bifrost-Code and X-Bifrost-Origin. A faulty request is refused
//     before it reaches a provider, and the error names the field.
//   - The status waits for the answer's first bytes, so an error before them has a
//     status of its own. After them a stream ends with one error event and
//     without its end mark, and any other body with a broken connection: a
//     broken answer never looks like a whole one.
//   - Each event of a stream is sent as soon as it is whole.
//   - A client that disconnects, or that takes nothing for Options.WriteTimeout,
//     cancels the upstream call.
//   - A call ends when its client has given up by its own word, in X-Stainless-Timeout,
//     X-Stainless-Read-Timeout or X-Server-Timeout, or when Options.AnswerTimeout has
//     passed if that is sooner, before the answer began: with 504,
//     and without reaching a provider if it was queued. One whose turn would come too
//     late for that is refused at once, unless it could start at once.
//   - A client's key goes no further than here, and neither into a log nor into an error.
//     No way leads to a provider or a model that its client may not use. What is refused
//     here is not counted against its limits, and nothing of them leaks.
//   - One line is logged per request, but for the successful ones that are left out of
//     the sample. No credential is, and no body but those of clients with LogContent.
//
// A Gateway is safe for concurrent use. It owns no goroutine that outlives a
// request. It is stopped by Drain, then by the http.Server that it serves and the
// client's Shutdown; it stops neither itself.
package gateway
