package gateway_test

import (
	"fmt"
	"strings"
	"testing"

	"bifrost/gateway"
	"bifrost/schemas"
)

// TestAToolCallWhoseArgumentsNestWithoutEndIsRefused is of text in a string, whose depth
// is not that of the body.
func TestAToolCallWhoseArgumentsNestWithoutEndIsRefused(t *testing.T) {
	account := schemas.StaticAccount{}
	for _, d := range []schemas.Dialect{schemas.DialectAnthropic, schemas.DialectGemini} {
		account[string(d)] = schemas.StaticProvider{Config: schemas.ProviderConfig{Type: "simulated", Simulation: &schemas.SimulationConfig{Dialect: d}}}
	}
	s := serve(t, schemas.BifrostConfig{Account: account}, gateway.Options{})
	deep := strings.Repeat("[", 8<<20)
	for name := range account {
		body := fmt.Sprintf(`{"model":"%s/sim-small","messages":[{"role":"user","content":"a"},{"role":"assistant","content":null,`+
			`"tool_calls":[{"id":"c","type":"function","function":{"name":"f","arguments":"%s"}}]},{"role":"tool","tool_call_id":"c","content":"b"}]}`, name, deep)
		got := s.post(t, chatPath, body)
		wantError{status: 400, code: "invalid_request", kind: faulty}.check(t, got)
		if !strings.Contains(got.body, "arguments") {
			t.Errorf("the field is not named: %.300s", got.body)
		}
	}
}
