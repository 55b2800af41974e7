package admin_test

import (
	"context"
	"fmt"
	"log"
	"net/http/httptest"

	"bifrost"
	"bifrost/admin"
	"bifrost/observe"
	"bifrost/schemas"
)

// A program that embeds Bifrost has the dashboard, the admin API and the metrics, too.
func ExampleNew() {
	ctx := context.Background()
	recorder := observe.NewRecorder(observe.Options{})
	client, err := bifrost.Init(schemas.BifrostConfig{Account: schemas.StaticAccount{"simulated": {}}}, bifrost.WithHooks(recorder.Hook()))
	if err != nil {
		log.Fatal(err)
	}
	defer client.Shutdown(ctx)

	handler := admin.New(admin.Options{Client: client, Recorder: recorder, Metrics: recorder.Metrics(client), UI: true})
	server := httptest.NewServer(handler) // or http.ListenAndServe("127.0.0.1:8081", handler)
	defer server.Close()

	state, err := admin.NewClient(server.URL, "", nil).State(ctx)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(state.Ready, state.Providers[0].Name)
	// Output: true simulated
}
