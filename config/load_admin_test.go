package config_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"bifrost/config"
)

func TestTheAdminListenerIsFoundWhateverElseIsWrongWithAFile(t *testing.T) {
	t.Setenv("GIVEN", "token")
	for text, want := range map[string]config.Admin{
		"[admin]\nlisten = \"127.0.0.1:9\"\ntoken = \"env.GIVEN\"\n[providers.simulated]\n": {Listen: "127.0.0.1:9", Token: "token", Given: true, UI: true, Profiles: true},
		"typo = 1\n[admin]\nlisten = \"127.0.0.1:9\"\n[providers.openai]\n":                 {Listen: "127.0.0.1:9", Given: true, UI: true, Profiles: true},
		"[admin]\ntoken = \"env.NOT_SET_ANYWHERE\"\nui = false\n":                           {Listen: config.DefaultAdminListen, Profiles: true},
		"": {Listen: config.DefaultAdminListen, UI: true, Profiles: true},
	} {
		path := filepath.Join(t.TempDir(), "bifrost.toml")
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if got, err := config.LoadAdmin(path); err != nil || got != want {
			t.Errorf("%s\ngot %+v (token %q), %v", text, got, got.Token, err)
		}
	}
	path := filepath.Join(t.TempDir(), "bifrost.toml")
	if _, err := config.LoadAdmin(path); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("got %v", err)
	}
	if err := os.WriteFile(path, []byte("[admin\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := config.LoadAdmin(path); err == nil {
		t.Error("a file without structure is read")
	}
}
