// Package watch tells when a file has other content.
//
// It looks at the file twice a second, by its name, instead of asking the system for
// events: so it does not matter whether an editor writes the file or replaces it, whether
// a directory is swapped behind a symbolic link, as Kubernetes does with a ConfigMap, or
// whether the file is on a network. A change is told when the content has not changed between two looks, so that
// half a file is not told of. A file that is gone is no change: it is waited for.
package watch
