package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"

	"bifrost"
	"bifrost/config"
	"bifrost/providers"
	"bifrost/schemas"
)

// TestAFileIsRefusedWhereverInitWouldRefuseTheSameInGo goes through what depends on
// a provider's type, and the headers that nobody can set. A file's fault has its
// line and key; an error of Init has the provider's name and the key's path.
func TestAFileIsRefusedWhereverInitWouldRefuseTheSameInGo(t *testing.T) {
	options := []struct {
		text  string
		apply func(*schemas.StaticProvider)
	}{
		{"keys = [{ value = \"k\" }]\n", func(p *schemas.StaticProvider) { p.Keys = []schemas.Key{{Value: "k"}} }},
		{"network_config.base_url = \"http://127.0.0.1:1\"\n", func(p *schemas.StaticProvider) { p.Config.NetworkConfig.BaseURL = "http://127.0.0.1:1" }},
		{"simulation = {}\n", func(p *schemas.StaticProvider) { p.Config.Simulation = &schemas.SimulationConfig{} }},
		{"network_config.extra_headers = { Host = \"h\" }\n", func(p *schemas.StaticProvider) {
			p.Config.NetworkConfig.ExtraHeaders = schemas.Headers{"Host": "h"}
		}},
		{"network_config.extra_headers = { X-Team = \"t\" }\n", func(p *schemas.StaticProvider) {
			p.Config.NetworkConfig.ExtraHeaders = schemas.Headers{"X-Team": "t"}
		}},
	}
	accepted, refused := 0, 0
	for _, typ := range providers.Types() {
		for set := range 1 << len(options) {
			if set>>3 == 0b11 {
				continue // both headers would be the same key twice
			}
			text, p := fmt.Sprintf("[providers.mine]\ntype = %q\n", typ), schemas.StaticProvider{}
			p.Config.Type = typ
			for i, o := range options {
				if set&(1<<i) != 0 {
					text += o.text
					o.apply(&p)
				}
			}
			_, fromFile := loadFile(file(t, text))
			client, fromInit := bifrost.Init(schemas.BifrostConfig{Account: schemas.StaticAccount{"mine": p}})
			if fromInit == nil {
				stopAtOnce(t, client)
			}
			if (fromFile == nil) != (fromInit == nil) {
				t.Errorf("%s\nfile: %v\nInit: %v", text, fromFile, fromInit)
			}
			var fault *config.Fault
			if fromFile == nil {
				accepted++
			} else if refused++; !errors.As(fromFile, &fault) || fault.Line == 0 || fault.Key == "" {
				t.Errorf("%s\nis refused without its line or key: %v", text, fromFile)
			}
		}
	}
	if accepted < 50 || refused < 50 {
		t.Errorf("only %d files were accepted and %d refused", accepted, refused)
	}
}

func TestTheKnownTypesAreInTheDocumentationAndInTheReference(t *testing.T) {
	var needing, others, all []string
	for _, typ := range providers.Types() {
		all = append(all, typ)
		if providers.NeedsKey(typ) {
			needing = append(needing, typ)
		} else {
			others = append(others, typ)
		}
	}
	has := func(path, want string) {
		t.Helper()
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		// lines of a comment read as one
		if text := strings.ReplaceAll(string(data), "\n# ", " "); !strings.Contains(text, want) {
			t.Errorf("%s does not have: %s", path, want)
		}
	}
	const page = "../../docs/configuration.md"
	has(page, "Types that need a key: `"+strings.Join(needing, "`, `")+"`.")
	has(page, "Types that need none: `"+strings.Join(others, "`, `")+"`.")
	has(reference, "One of "+strings.Join(all, ", ")+".")
	last := len(others) - 1
	has(reference, "nor by "+strings.Join(others[:last], ", ")+" and "+others[last]+".")
}

func stopAtOnce(t *testing.T, client *bifrost.Client) {
	t.Helper()
	ended, cancel := context.WithCancel(context.Background())
	cancel()
	if err := client.Shutdown(ended); err != nil {
		t.Error(err)
	}
}
