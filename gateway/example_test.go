package gateway_test

import (
	"context"
	"fmt"
	"log"
	"net/http"
	"net/http/httptest"
	"strings"

	"bifrost"
	"bifrost/gateway"
	"bifrost/schemas"
)

// A Gateway is an http.Handler: any server serves it.
func ExampleNew() {
	client, err := bifrost.Init(schemas.BifrostConfig{Account: schemas.StaticAccount{"simulated": {}}})
	if err != nil {
		log.Fatal(err)
	}
	defer client.Shutdown(context.Background())
	g := gateway.New(client, gateway.Options{})
	server := httptest.NewServer(g)
	defer server.Close()
	defer g.Drain() // before the server and the client are stopped

	resp, err := http.Post(server.URL+"/v1/chat/completions", "application/json",
		strings.NewReader(`{"model":"simulated/sim-small","messages":[{"role":"user","content":"Hello"}]}`))
	if err != nil {
		fmt.Println(err)
		return
	}
	defer resp.Body.Close()
	fmt.Println(resp.Status, "from", resp.Header.Get("X-Bifrost-Provider"))
	// Output: 200 OK from simulated
}
