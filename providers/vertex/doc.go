// Package vertex has what a provider of type "vertex" needs beside the dialect of its
// models, which are Claude's: the addresses of Google Vertex AI, where each model has a
// path of its own, and Google's credentials.
package vertex
