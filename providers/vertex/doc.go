// Package vertex has what a provider of type "vertex" needs beside its dialects: the
// addresses of Google Vertex AI, where each model has a path of its own, and Google's
// credentials.
package vertex
