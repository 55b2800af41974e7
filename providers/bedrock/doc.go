// Package bedrock has what a provider of type "bedrock" needs beside its dialect: the
// address of a region and the credentials of Amazon Web Services.
package bedrock
