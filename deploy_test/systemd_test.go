package deploy_test

import (
	"bufio"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"bifrost/config"
)

const unit = "deploy/systemd/bifrost.service"

// exposure is the most that "systemd-analyze security" may find, in tenths of its 0 to 10.
// What the unit has beyond zero is the network, and the folders of the host.
const exposure = "15"

// settings returns the settings of the unit, with all values of each.
func settings(t *testing.T) map[string][]string {
	t.Helper()
	file, err := os.Open(filepath.Join(root, unit))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	found := map[string][]string{}
	for lines := bufio.NewScanner(file); lines.Scan(); {
		if name, v, ok := strings.Cut(lines.Text(), "="); ok && !strings.HasPrefix(name, "#") {
			found[name] = append(found[name], v)
		}
	}
	return found
}

// analyze runs systemd-analyze on the unit, whose program is this test's, since systemd asks
// whether it is there.
func analyze(t *testing.T, args ...string) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(root, unit))
	if err != nil {
		t.Fatal(err)
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), filepath.Base(unit))
	replaced := strings.ReplaceAll(string(text), "/usr/local/bin/bifrost ", self+" ")
	if err := os.WriteFile(path, []byte(replaced), 0o600); err != nil {
		t.Fatal(err)
	}
	out, err := exec.CommandContext(t.Context(), "systemd-analyze", append(args, path)...).CombinedOutput()
	if err != nil || args[0] == "verify" && len(out) > 0 {
		t.Errorf("systemd-analyze %v: %v\n%s", args, err, out)
	}
}

func TestSystemdTakesTheUnitWithoutAWarning(t *testing.T) {
	analyze(t, "verify", "--man=no")
}

func TestTheUnitIsHardened(t *testing.T) {
	analyze(t, "security", "--offline=true", "--no-pager", "--threshold="+exposure)
}

func TestTheUnitGivesShutdownItsTime(t *testing.T) {
	all := settings(t)
	stop, err := time.ParseDuration(all["TimeoutStopSec"][0] + "s")
	if err != nil || stop < config.DefaultShutdownTimeout+10*time.Second {
		t.Errorf("got %v, %v; the default of server.shutdown_timeout is %v", stop, err, config.DefaultShutdownTimeout)
	}
	if got := all["Type"]; !slices.Equal(got, []string{"notify"}) {
		t.Errorf("got type %v", got)
	}
}

func TestTheUnitsCommandIsOneOfTheProgram(t *testing.T) {
	words := strings.Fields(settings(t)["ExecStart"][0])
	out, err := exec.CommandContext(t.Context(), "go", append([]string{"-C", root, "run", "-buildvcs=false", "./cmd/bifrost"}, append(words[1:], "--help")...)...).CombinedOutput()
	if err != nil || !strings.Contains(string(out), "Serve runs the gateway") {
		t.Errorf("%v: %v\n%s", words, err, out)
	}
}
