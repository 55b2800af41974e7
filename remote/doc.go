// Package remote makes one process of several: providers that live on other nodes.
package remote
