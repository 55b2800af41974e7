package admin_test

import (
	"context"
	"net/http/httptest"
	"os"
	"os/exec"
	"strings"
	"testing"

	"bifrost/admin"
)

// TestTheCommandsOfTheDocumentWork runs each block of docs/admin.md against a listener
// that is called as there.
func TestTheCommandsOfTheDocumentWork(t *testing.T) {
	text, err := os.ReadFile("../docs/admin.md")
	if err != nil {
		t.Fatal(err)
	}
	o := everything(options())
	o.Reload = func(context.Context, bool) admin.Reload { return admin.Reload{Applied: true} }
	h := handlerOf(t, o)
	server := httptest.NewServer(h)
	defer server.Close()
	defer h.Close()
	blocks := strings.Split(string(text), "```sh\n")[1:]
	if len(blocks) < 8 {
		t.Fatalf("%d blocks", len(blocks))
	}
	for _, block := range blocks {
		block, _, _ = strings.Cut(block, "```")
		here := strings.ReplaceAll(block, "http://127.0.0.1:8081", server.URL)
		// pipefail is not for every shell; --fail makes an error one of curl.
		cmd := exec.CommandContext(t.Context(), "sh", "-ec", strings.ReplaceAll(here, "curl ", "curl --fail --noproxy '*' "))
		cmd.Dir = t.TempDir()
		out, err := cmd.CombinedOutput()
		if err != nil || strings.Contains(string(out), "curl: (22)") {
			t.Errorf("%s%v\n%s", block, err, out)
		}
	}
}
