// Package simulated is an LLM provider's server without a model behind it: it
// speaks the dialects of OpenAI, Anthropic and Gemini and behaves as its configuration
// says, so that everything else can be tried, tested and measured without a key.
//
// An Upstream has two faces over one implementation. As an httpx.Doer it answers
// in process: no sockets and no goroutines, so it works in a testing/synctest
// bubble, in virtual time. As an http.Handler it answers over a network.
//
//	POST /v1/chat/completions    text, thinking, tool calls, JSON by schema, streams
//	POST /v1/embeddings          unit vectors, as floats or base64
//	GET  /v1/models              the configured names
//	POST /v1/images/generations  pictures of one pixel
//	POST /v1/audio/speech        silence as mp3, wav or pcm, a quarter of a second a word (4,096 characters at most)
//	POST /v1/audio/transcriptions, /v1/audio/translations   how long the recording is
//	     /v1/files               uploads, kept: the newest 64, of up to 1 MiB each
//
// A call in another dialect is read as one of these, and answered in that dialect. The prefix /v1 may be left out. Every other path is answered with 404, every
// other method with 405, and a request that the real API would refuse for its
// shape with 400, as an OpenAI error body. Credentials are not looked at.
//
// # What is promised
//
//   - Every call is counted from its arrival to its end. Where Concurrency is
//     set, never more than that many are active: one more is answered at once
//     with 429 and code "concurrency_limit".
//   - Where RequestsPerSecond is set, no more calls than that are answered in any
//     second, after one in which they were not all used; one more is answered at once
//     with 429, code "rate_limit_exceeded" and a Retry-After of whole seconds.
//   - During an outage every call is answered with 503, or hangs, or has its connection
//     broken, bad requests too. The outages follow the clock from New on.
//   - An answer in one piece gives its place back before the caller can see it;
//     a stream with its last event, with Close, or when its context ends and it
//     is read, whichever comes first. A caller who sees the end may therefore
//     call again without meeting the limit.
//   - The n-th admitted call always has the same latency and fate for the same
//     seed. The text of an answer depends on the seed and the conversation only.
//   - A drawn 429 comes at once, a drawn 500 after the latency. Refused calls and
//     bad requests have no latency.
//   - A call whose context has ended returns at once, with an *schemas.Error:
//     the context's cause if that is one, else kind timeout or canceled.
//   - Nothing is logged. Of requests nothing is kept but uploaded files, and hashes of
//     prompts.
//
// # What an answer looks like
//
// Text has OutputTokens words, one token each. It quotes the last user message,
// or the tool results that end the conversation. If the request has tools, the
// conversation does not end with a tool result and tool_choice is not "none",
// the answer is a call of the named function, else of the first one; with
// tool_choice "required", two tools or more and parallel_tool_calls not false it
// is one call of each of the first two. Arguments, and answers for a
// response_format of type json_schema, are made from the schema: the required
// properties, or all of them if none is required. Of JSON Schema it knows type,
// properties, required, items, enum, const, format, local $ref, the bounds of
// numbers, strings and arrays, and, where there is no type, the first of anyOf,
// oneOf or allOf; it does not know pattern.
//
// A stream's first event has the role, then each token has an event of its own.
// Token k is due (k+1)/TokensPerSecond after the headers.
//
// A prompt costs one token for each word, and 64 for a picture, a sound or a document; a
// document must be base64.
//
// # Thinking
//
// A call that asks for thinking (reasoning_effort, Anthropic's thinking, Gemini's
// thinkingConfig) gets it before the answer: half as many words as the answer has, within
// the budget and the caller's limit, which it counts against. In OpenAI's dialect it is
// told as OpenRouter does, in reasoning_content and reasoning_details. Thinking that is to
// be hidden takes its time and its tokens, and its signature comes all the same.
//
// Thinking is signed, Anthropic's with its text. What comes back in a later turn is
// checked: a signature that this simulation, or another of its seed, did not give for the
// piece is answered with 400; else the answer begins with "I remember 1 thought.", or as
// many as came back. In Anthropic's dialect what its API refuses beside thinking is
// refused, such as a temperature, a forced call, or the call of a tool without the
// thinking that led to it.
//
// # Caching
//
// The beginning of a prompt, tools included, up to a cache_control marker is cached: its
// first call counts its tokens as written to the cache, later ones as read from it. A prompt
// without a marker is cached after each message from 1,024 tokens on, and only the reading
// is counted. There is no time limit; of 1,024 beginnings the oldest is forgotten.
//
// # Refusals
//
// A last message of the user with "[simulate: refuse]" in it, or the switch below, makes
// the model refuse, in the way of the caller's dialect.
//
// # The X-Simulate header
//
// A request may ask for a behaviour of its own with the header X-Simulate, a
// comma-separated list. A word that is not listed here, is given twice or does
// not fit the others or the request is answered with 400.
//
//	status=503        answer with this error status (400 to 599)
//	retry-after=2     with status: send Retry-After, in seconds
//	html              answer with an HTML page, with status 200 unless status is given
//	latency=200ms     instead of the drawn latency
//	tokens=40         instead of OutputTokens, 1 to 100000
//	refuse            chat: refuse to answer
//	stall             never answer
//	reset             break the connection instead of answering
//	stall=3           stream: stop after 3 events, never send another
//	reset=3           stream: break the connection after 3 events
//	cut=3             stream: end cleanly after 3 events, without the end mark
//	stream-error=2    stream: an error event after 2 events, then the end
//
// At most one of status or html, stall, reset, cut and stream-error is given;
// it replaces the drawn fate. The limits and the outages are never switched off.
package simulated
