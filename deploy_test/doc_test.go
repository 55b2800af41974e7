// Package deploy_test holds what Bifrost is deployed with against what it is deployed with
// it for: the image, the unit of systemd and the manifests of Kubernetes are read by the
// parsers of their own projects, and name only what this program has.
//
// It is a module of its own, so that nobody who uses Bifrost has those parsers. Its tests
// need Linux and systemd-analyze; they build no image and start no unit.
package deploy_test
