// Package wire reads and writes server-sent events, the framing of streamed
// answers (https://html.spec.whatwg.org/multipage/server-sent-events.html).
//
// A Reader keeps the bytes of each event beside its fields: the Raw parts of all
// events, in order, are exactly what was read, so that a stream can be looked at
// while it is passed on untouched. Nothing here knows what the data means. A
// Reader and a Writer have one user at a time; neither starts a goroutine.
package wire
