// Package azure has what a provider of type "azure" needs beside OpenAI's dialect: the
// addresses of Azure OpenAI, where a deployment stands for a model, and Microsoft's
// credentials.
package azure
