// Package codec translates between the vocabulary of schemas and the messages that
// nodes send each other, bifrost.v1. It is pure: it opens no connection, starts no
// goroutine and keeps nothing. All functions are safe for concurrent use; messages and
// values share memory with what they were made from, which is not modified, so neither
// may be changed afterwards.
//
// # Bodies
//
// The body of a chat and of a request for embeddings, and of their answers and chunks, is
// a message of content.proto, which costs a fraction of what JSON does. An answer is in the
// form of its request, as far as it has that. Fields of the messages that are not known, as
// those of a newer node, are left alone, and so are the ones of another kind than expected;
// Extra is where they are not lost.
//
// All bodies may be the JSON of schemas' own type, so a program that has only the messages
// can send an ordinary chat completion request. Of a raw call the body is the call's own
// bytes, and a list of models is asked for without one. What the type hides from JSON is in
// one further member:
//
//	"bifrost": {
//	  "extra":          {"Model": 1},        fields of Extra whose name is taken
//	  "thinking":       {"budget": 1024},    of a chat: ChatRequest.Thinking
//	  "include_usage":  true,                of a chat
//	  "tools":          {"0": {…}},          of a chat: Tool.Raw by the place of the tool
//	  "stop_sequences": ["END"],             of an answer or chunk, by the place of the choice
//	  "documents":      ["…"]                of a reranking, by the place of the result
//	}
//
// In JSON, other fields of Extra stand beside the typed ones, and what a request has there that
// is not known joins Extra: it came from a newer node, or is for the provider to know.
// Names are compared exactly at the top, so "Model" is such a field. Unknown members
// elsewhere, and those of answers, are left alone. A chat's "stream" says nothing, since
// the operation does, and "stream_options" may ask for usage, as with OpenAI. A tool that
// is no function, and that the member "bifrost" does not mention, is its own Tool.Raw.
//
// # What arrives
//
// A value arrives as it was sent, but for this:
//
//   - Provider and Fallbacks are not sent, and neither is Served.Fallback: they are the
//     asker's affair. Served inside an answer, as in ChatResponse, is for the client to fill in.
//   - Both forms write alike some values that Go tells apart. A list or map that is left out
//     when it is empty arrives as nil, an empty json.RawMessage as nil or null, and a union,
//     as schemas.Content, with the field that counts.
//   - White space between the tokens of a json.RawMessage is gone in JSON; nothing else of it
//     changes.
//   - Bytes of a text that are no UTF-8 arrive as U+FFFD, as they would at any provider, since
//     JSON and protobuf have no place for them. A raw call with such a path or query is
//     refused: it would ask for something else. Bodies of raw calls and files stay as they are.
//   - Errors arrive without their cause, but for a dead letter.
//
// # Bounds
//
// What is decoded takes memory in proportion to its length, which is the caller's to bound;
// a body in protobuf has 262,144 fields at most, and the worst takes 100 MB. JSON may be
// nested 10,000 deep, and so may that in a field. Errors of requests, answers and chunks are
// *schemas.Error; all name an operation, a field or a place, never content.
package codec
