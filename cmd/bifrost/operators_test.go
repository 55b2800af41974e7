package main

import (
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"bifrost/admin"
	"bifrost/config"
)

const bannerAdmin = `^its dashboard is at (http://\S+)/ui/$`

// served runs "serve" with a file that has an admin listener and the dashboard, and returns
// the command, the file's path and the URL of the admin listener.
func served(t *testing.T, text string) (r *running, path, adminURL string) {
	t.Helper()
	path = file(t, text)
	r = begin(t, "serve", "--config", path)
	return r, path, r.stdout.await(t, bannerAdmin)
}

func servedText(more string) string {
	return "[server]\nlisten = \"127.0.0.1:0\"\n[admin]\nlisten = \"127.0.0.1:0\"\n[providers.simulated]\n" + more
}

// unwatched is a file that is reloaded only when somebody says so.
func unwatched(text string) string {
	return strings.Replace(text, "[server]\n", "[server]\nwatch = false\n", 1)
}

func rewrite(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

const fiveWorkers = "[providers.simulated.concurrency_and_buffer_size]\nconcurrency = 5\n"

func TestAChangeOfTheFileIsPutIntoForceAndAFaultIsNot(t *testing.T) {
	r, path, url := served(t, servedText(""))
	rewrite(t, path, servedText(fiveWorkers))
	r.stderr.await(t, `"trigger":"a change of the file","changes":\["providers.simulated.concurrency_and_buffer_size.concurrency"\],"config":2`)
	rewrite(t, path, servedText("typo = 1\n"+fiveWorkers))
	r.stderr.await(t, `"trigger":"a change of the file","errors":\["[^"]*bifrost.toml:6: providers.simulated.typo: `)
	state, err := admin.NewClient(url, "", nil).State(t.Context())
	if err != nil || state.Config.Number != 2 || !strings.Contains(state.Config.Failed, "bifrost.toml:6: providers.simulated.typo: ") || state.Providers[0].Concurrency != 5 {
		t.Errorf("got %+v, %v", state, err)
	}
	got := execute(t, "status", "--admin", url)
	if got.err != nil || !strings.Contains(got.stdout, "the last reload was refused:\n  "+path+":6: ") || !strings.Contains(got.stdout, "configuration 2 ("+state.Config.Digest+")") {
		t.Errorf("status: %+v", got)
	}
	if text := get(t, url+"/metrics"); !strings.Contains(text, "\nbifrost_config_reload_failed 1\n") || !strings.Contains(text, "\nbifrost_config_version 2\n") {
		t.Error("the metrics do not say so")
	}
}

func get(t *testing.T, url string) string {
	t.Helper()
	resp, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	var b strings.Builder
	if err := resp.Write(&b); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestTheReloadCommandPrintsWhatChangesOrEveryFault(t *testing.T) {
	_, path, url := served(t, unwatched(servedText("")))
	reload := func(args ...string) outcome {
		return execute(t, append([]string{"reload", "--admin", url}, args...)...)
	}
	if got := reload(); got.err != nil || !strings.HasPrefix(got.stdout, "nothing has changed: configuration 1 (") {
		t.Errorf("got %+v", got)
	}
	rewrite(t, path, unwatched(servedText(fiveWorkers)))
	const change = "providers.simulated.concurrency_and_buffer_size.concurrency: 10 -> 5\n"
	if got := reload("--dry-run"); got.err != nil || !strings.Contains(got.stdout, change+"this would change configuration 1 (") {
		t.Errorf("got %+v", got)
	}
	if got := reload(); got.err != nil || !strings.Contains(got.stdout, "configuration 2 (") {
		t.Errorf("got %+v", got)
	}
	rewrite(t, path, "initial_pool_size = 5\n"+unwatched(servedText("")))
	for _, args := range [][]string{{"--dry-run"}, {}} {
		got := reload(args...)
		if got.err == nil || !strings.Contains(got.stderr, path+":1: initial_pool_size: cannot change while the program runs; restart it") ||
			!strings.Contains(got.stderr, "configuration 2 runs on") {
			t.Errorf("got %+v", got)
		}
	}
	var answer admin.Reload
	got := reload("--json")
	if err := json.Unmarshal([]byte(got.stdout), &answer); err != nil || got.err == nil || answer.Applied || len(answer.Errors) != 1 || len(answer.Changes) != 2 {
		t.Errorf("got %+v, %v", got, err)
	}
}

func TestADryRunFindsWhatOnlyAnAdapterKnows(t *testing.T) {
	_, path, url := served(t, unwatched(servedText("")))
	rewrite(t, path, unwatched(servedText("[providers.azure.network_config]\nbase_url = \"https://h.example/openai/deployments/d\"\n")))
	for _, args := range [][]string{{"--dry-run"}, {}} {
		if got := execute(t, append([]string{"reload", "--admin", url}, args...)...); got.err == nil || !strings.Contains(got.stderr, "names a deployment") || !strings.Contains(got.stderr, "configuration 1 runs on") {
			t.Errorf("got %+v", got)
		}
	}
}

func TestSettingsOfTheAdminAPILastUntilTheNextReload(t *testing.T) {
	_, _, url := served(t, servedText(""))
	client, drop, seven := admin.NewClient(url, "", nil), true, 7
	if err := client.Set(t.Context(), "simulated", admin.Settings{Drop: &drop, BufferSize: &seven}); err != nil {
		t.Fatal(err)
	}
	if err := client.Set(t.Context(), "", admin.Settings{Drop: &drop}); err != nil {
		t.Fatal(err)
	}
	state, err := client.State(t.Context())
	if err != nil || !state.Config.Override || !state.Drop || !state.Providers[0].Drop || state.Providers[0].BufferSize != 7 {
		t.Errorf("got %+v, %v", state, err)
	}
	if text, err := client.Config(t.Context()); err != nil || !strings.Contains(text.Text, "buffer_size = 7\n") {
		t.Errorf("what runs is said to be %+v, %v", text, err)
	}
	if got := execute(t, "reload", "--admin", url); got.err != nil || !strings.Contains(got.stdout, "buffer_size: 7 -> 100\n") || !strings.Contains(got.stdout, "drop_excess_requests: true -> false\n") {
		t.Errorf("got %+v", got)
	}
}

func TestTopPrintsTheQueuesOnce(t *testing.T) {
	_, _, url := served(t, servedText(""))
	if got := execute(t, "top", "--once", "--admin", url); got.err != nil || !strings.Contains(got.stdout, "simulated      [..........]     0/100     0    0/10 ") {
		t.Errorf("got %+v", got)
	}
	for _, args := range [][]string{{"top", "--admin", url}, {"top", "--admin", url, "--interval", "1ms"}} {
		if got := execute(t, args...); got.err == nil {
			t.Errorf("%v: got %+v", args, got)
		}
	}
}

func TestCommandsFindTheAdminListenerByFlagEnvironmentFileOrDefault(t *testing.T) {
	dir := t.TempDir()
	t.Chdir(dir)
	t.Setenv(adminVariable, "")
	find := func(e endpoint) string {
		_, url, err := e.client()
		if err != nil {
			return err.Error()
		}
		return url
	}
	if got := find(endpoint{}); got != "http://"+config.DefaultAdminListen {
		t.Errorf("by default %s", got)
	}
	for listen, want := range map[string]string{
		"127.0.0.1:9": "http://127.0.0.1:9",
		":9":          "http://127.0.0.1:9",
		"[::1]:9":     "http://[::1]:9",
		"off":         `bifrost.toml: admin.listen is "off", so nobody can ask`,
		"127.0.0.1:0": "bifrost.toml: admin.listen has port 0",
	} {
		rewrite(t, filepath.Join(dir, "bifrost.toml"), fmt.Sprintf("[admin]\nlisten = %q\ntoken = \"t\"\n", listen))
		if got := find(endpoint{}); !strings.HasPrefix(got, want) {
			t.Errorf("%s: got %s", listen, got)
		}
	}
	t.Setenv(adminVariable, "http://127.0.0.1:10")
	if got := find(endpoint{}); got != "http://127.0.0.1:10" {
		t.Errorf("by the environment %s", got)
	}
	if got := find(endpoint{admin: "http://127.0.0.1:11"}); got != "http://127.0.0.1:11" {
		t.Errorf("by the flag %s", got)
	}
	if got := find(endpoint{path: "missing.toml"}); !strings.Contains(got, "does not exist") {
		t.Errorf("a file that is missing: %s", got)
	}
}

func TestATokenIsTakenFromTheEnvironmentAndANewOneHoldsAtOnce(t *testing.T) {
	with := func(token string) string {
		return strings.Replace(unwatched(servedText("")), "[admin]\n", "[admin]\ntoken = \""+token+"\"\n", 1)
	}
	path := file(t, with("one"))
	r := begin(t, "serve", "--config", path)
	url := r.stdout.await(t, bannerAdmin)
	t.Setenv(tokenVariable, "")
	if got := execute(t, "status", "--admin", url); got.err == nil || !strings.Contains(got.stderr, tokenVariable) {
		t.Errorf("without a token: %+v", got)
	}
	rewrite(t, path, with("two"))
	t.Setenv(tokenVariable, "one")
	if got := execute(t, "reload", "--admin", url); got.err != nil || strings.Contains(got.stdout, "two") {
		t.Errorf("got %+v", got)
	}
	if got := execute(t, "status", "--admin", url); got.err == nil {
		t.Errorf("the old token: %+v", got)
	}
	t.Setenv(tokenVariable, "")
	if got := execute(t, "status", "--admin", url, "--config", path); got.err != nil {
		t.Errorf("the file's token: %+v", got)
	}
}

func TestAFreePortStandsInForTheDefaultOfTheAdminListenerOnly(t *testing.T) {
	taken, err := net.Listen("tcp", config.DefaultAdminListen)
	if err == nil { // else somebody else has it
		defer taken.Close()
	}
	r := begin(t, "serve", "--config", file(t, "[server]\nlisten = \"127.0.0.1:0\"\n[providers.simulated]\n"))
	if url := r.stdout.await(t, bannerAdmin); strings.HasSuffix(url, config.DefaultAdminListen) {
		t.Errorf("it is at %s", url)
	}
	busy, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer busy.Close()
	path := file(t, fmt.Sprintf("[server]\nlisten = \"127.0.0.1:0\"\n[admin]\nlisten = %q\n[providers.simulated]\n", busy.Addr()))
	if got := execute(t, "serve", "--config", path); got.err == nil || !strings.Contains(got.stderr, "is in use") || !strings.Contains(got.stderr, "admin.listen") {
		t.Errorf("got %+v", got)
	}
}

func TestAGatewayIsNotReadyForAWhileBeforeItRefuses(t *testing.T) {
	path := file(t, strings.Replace(servedText(""), "[server]\n", "[server]\nshutdown_delay = \"1m\"\n", 1))
	s, err := start(t.Context(), setup{load: func() (*config.File, error) { return loadFile(path) }}, newConsole())
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- s.stop(nil) }()
	eventually(t, "it is not ready", func() bool { return status(t, s.url()+"/readyz") == 503 })
	resp, err := http.Post(s.url()+chatPath, "application/json", strings.NewReader(goodChat))
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if resp.StatusCode != 200 {
		t.Errorf("in the meantime a request got %d", resp.StatusCode)
	}
	if state, err := admin.NewClient(s.adminURL(), "", nil).State(t.Context()); err != nil || !state.Draining {
		t.Errorf("operators see %+v, %v", state, err)
	}
	_ = s.listener.Close() // ends the minute
	if err := await(t, ended); err == nil || !strings.Contains(err.Error(), "stopped listening") {
		t.Errorf("got %v", err)
	}
}

func TestAProviderThatIsRemovedIsShownUntilItsWorkIsFinished(t *testing.T) {
	const other = "[providers.other]\ntype = \"simulated\"\n"
	r, path, url := served(t, unwatched(servedText(other)))
	client := admin.NewClient(url, "", nil)
	shown := func() string {
		state, err := client.State(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		var names []string
		for _, p := range state.Providers {
			names = append(names, p.Name+" "+p.State)
		}
		return strings.Join(names, ", ")
	}
	resp, _ := stream(t, r.stdout.await(t, bannerURL), "X-Simulate", "stall=2")
	rewrite(t, path, unwatched("[server]\nlisten = \"127.0.0.1:0\"\n[admin]\nlisten = \"127.0.0.1:0\"\n"+other))
	if got, err := client.Reload(t.Context(), false); err != nil || !got.Applied {
		t.Fatalf("got %+v, %v", got, err)
	}
	if got := shown(); got != "other ready, simulated draining" {
		t.Errorf("it shows %s", got)
	}
	_ = resp.Body.Close() // the stream would never end
	eventually(t, "it is gone", func() bool { return shown() == "other ready" })
}
