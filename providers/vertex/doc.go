// Package vertex has what a provider of type "vertex" needs beside the dialects of its
// models, which are Gemini's and Claude's: the addresses of Google Vertex AI, where each
// model has a path of its own, the method by which older models give vectors, and
// Google's credentials.
package vertex
