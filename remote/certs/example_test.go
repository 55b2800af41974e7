package certs_test

import (
	"fmt"
	"os"

	"bifrost/remote/certs"
)

// An authority and a node are made once; the node loads its files at each start.
func Example() {
	dir, err := os.MkdirTemp("", "certs")
	if err != nil {
		panic(err)
	}
	defer os.RemoveAll(dir)
	if _, err := certs.WriteCA(dir, certs.CAOptions{}); err != nil {
		panic(err)
	}
	node, err := certs.WriteNode(dir, certs.NodeOptions{Hosts: []string{"node-a", "10.0.0.2"}})
	if err != nil {
		panic(err)
	}
	identity, err := certs.Load(node.Files, func(n certs.Notice) { fmt.Println(n.Problem) })
	if err != nil {
		panic(err)
	}
	fmt.Println(identity.CheckHost("10.0.0.2"), identity.CheckHost("10.0.0.3") != nil)
	// Output: <nil> true
}
