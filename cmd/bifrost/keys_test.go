package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"regexp"
	"strings"
	"testing"
)

func TestANewKeyIsShownOnceWithLinesThatPassCheck(t *testing.T) {
	got := execute(t, "keys", "new", "team-a")
	key := regexp.MustCompile(`(?m)^  (bf-[A-Za-z0-9_-]{43})$`).FindStringSubmatch(got.stdout)
	_, lines, ok := strings.Cut(got.stdout, "for the configuration:\n")
	if got.err != nil || key == nil || !ok || strings.Count(got.stdout, key[1]) != 1 {
		t.Fatalf("got %+v", got)
	}
	sum := sha256.Sum256([]byte(key[1]))
	if !strings.Contains(lines, `"sha256:`+hex.EncodeToString(sum[:])+`"`) {
		t.Errorf("the hash in\n%s\nis not that of the key", lines)
	}
	if check := execute(t, "check", file(t, "[providers.simulated]\n"+lines)); check.err != nil {
		t.Error(check.err)
	}
	if again := execute(t, "keys", "new", "team-a"); again.stdout == got.stdout {
		t.Error("the second key is the first")
	}
	if quoted := execute(t, "keys", "new", "team.a"); !strings.Contains(quoted.stdout, `[clients."team.a"]`) {
		t.Errorf("got %+v", quoted)
	}
}

func TestANewKeyIsPrintedAsJSON(t *testing.T) {
	var v struct{ Name, Key, Hash string }
	got := execute(t, "keys", "new", "team-a", "--json")
	if err := json.Unmarshal([]byte(got.stdout), &v); err != nil || v.Name != "team-a" || len(v.Key) != 46 || len(v.Hash) != 71 {
		t.Errorf("%v: got %+v", err, got)
	}
}

// hashed runs "keys hash" with a standard input.
func hashed(t *testing.T, input string) outcome {
	t.Helper()
	var stdout, stderr bytes.Buffer
	cmd := newKeysCommand()
	cmd.SetIn(strings.NewReader(input))
	cmd.SetOut(&stdout)
	cmd.SetErr(&stderr)
	cmd.SetArgs([]string{"hash"})
	cmd.SilenceErrors, cmd.SilenceUsage = true, true
	return outcome{err: cmd.ExecuteContext(t.Context()), stdout: stdout.String(), stderr: stderr.String()}
}

func TestTheHashOfAKeyIsThatOfItsLine(t *testing.T) {
	const key = "a-key-of-somebody-else"
	sum := sha256.Sum256([]byte(key))
	for _, input := range []string{key, key + "\n", key + "\r\n"} {
		if got := hashed(t, input); got.err != nil || got.stdout != "sha256:"+hex.EncodeToString(sum[:])+"\n" {
			t.Errorf("%q: got %+v", input, got)
		}
	}
}

func TestAKeyThatIsNoneIsRefusedAndNotShown(t *testing.T) {
	for input, want := range map[string]string{
		"":                            "no key",
		"\n":                          "no key",
		"secret":                      "shorter than 20",
		"secret with white space!":    "white space",
		strings.Repeat("x", 5000):     "longer than 4096",
		"secret-of-a-client\x00\x01é": "not ASCII",
	} {
		got := hashed(t, input)
		if got.err == nil || got.stdout != "" || !strings.Contains(got.err.Error(), want) || strings.Contains(got.err.Error(), "secret") {
			t.Errorf("%q: got %+v, want %q", input, got, want)
		}
	}
}
