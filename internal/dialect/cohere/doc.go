// Package cohere is the provider's side of Cohere's API, version 2: chat whole and
// streamed (https://docs.cohere.com/reference/chat and
// https://docs.cohere.com/reference/chat-stream), embed
// (https://docs.cohere.com/reference/embed), rerank
// (https://docs.cohere.com/reference/rerank), and the list of models
// (https://docs.cohere.com/reference/list-models), which is of version 1. What the pages
// leave open is as in the official SDKs (https://github.com/cohere-ai/cohere-python and
// https://github.com/cohere-ai/cohere-go). It has no callers' side.
//
// Paths begin with their version, since the API has two at once.
//
// What the model thinks, and how it plans its calls of tools, are both reasoning in the
// canonical form; the details say which is which, so that each goes back as it came.
// Citations have no place there and are left out.
package cohere
