package main

import (
	"context"
	"errors"
	"fmt"
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

func stopAtOnce(t *testing.T, client *bifrost.Client) {
	t.Helper()
	ended, cancel := context.WithCancel(context.Background())
	cancel()
	if err := client.Shutdown(ended); err != nil {
		t.Error(err)
	}
}
