package deploy_test

import (
	"bytes"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/moby/buildkit/frontend/dockerfile/instructions"
	"github.com/moby/buildkit/frontend/dockerfile/linter"
	"github.com/moby/buildkit/frontend/dockerfile/parser"
	"github.com/moby/patternmatcher"
	"github.com/moby/patternmatcher/ignorefile"
)

const root = ".."

// dockerfile parses the Dockerfile, and fails the test for whatever the linter of
// "docker build --check" says.
func dockerfile(t *testing.T) []instructions.Stage {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(root, "Dockerfile"))
	if err != nil {
		t.Fatal(err)
	}
	parsed, err := parser.Parse(bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	for _, w := range parsed.Warnings {
		t.Errorf("%s", w.Short)
	}
	stages, _, err := instructions.Parse(parsed.AST, linter.New(&linter.Config{
		Warn: func(rule, description, _, message string, _ []parser.Range) {
			t.Errorf("%s: %s (%s)", rule, message, description)
		},
	}))
	if err != nil {
		t.Fatal(err)
	}
	return stages
}

// only returns the one command of type T that a stage has.
func only[T instructions.Command](t *testing.T, stage instructions.Stage) T {
	t.Helper()
	var found []T
	for _, c := range stage.Commands {
		if c, ok := c.(T); ok {
			found = append(found, c)
		}
	}
	if len(found) != 1 {
		t.Fatalf("stage %q has %d of %T, not one", stage.Name, len(found), *new(T))
	}
	return found[0]
}

func TestTheImageRunsTheProgramAndNothingElseAndNotAsRoot(t *testing.T) {
	stages := dockerfile(t)
	last := stages[len(stages)-1]
	if !strings.Contains(last.BaseName, "distroless/static") {
		t.Errorf("the last stage is from %s, which has a shell", last.BaseName)
	}
	if got := only[*instructions.UserCommand](t, last).User; got != "65532:65532" {
		t.Errorf("got user %q", got)
	}
	if got := only[*instructions.StopSignalCommand](t, last).Signal; got != "SIGTERM" {
		t.Errorf("got stop signal %q", got)
	}
	program := only[*instructions.CopyCommand](t, last)
	if entry := only[*instructions.EntrypointCommand](t, last).CmdLine; !slices.Equal(entry, []string{program.DestPath}) {
		t.Errorf("%v is started, and %s is there", entry, program.DestPath)
	}
	if program.From != stages[0].Name {
		t.Errorf("the program comes from %q", program.From)
	}
	health := only[*instructions.HealthCheckCommand](t, last).Health
	if !slices.Equal(health.Test, []string{"CMD", program.DestPath, "health"}) {
		t.Errorf("got health check %v", health.Test)
	}
	if got := only[*instructions.ExposeCommand](t, last).Ports; !slices.Equal(got, []string{"7600", "8080", "8081"}) {
		t.Errorf("got ports %v", got)
	}
}

// TestTheImagesProgramIsBuiltFromWhatTheContextHas runs the build stage's command, without
// an image, on the files that .dockerignore leaves.
func TestTheImagesProgramIsBuiltFromWhatTheContextHas(t *testing.T) {
	stages := dockerfile(t)
	context, out := buildContext(t), t.TempDir()
	var build string
	for _, c := range stages[0].Commands {
		if run, ok := c.(*instructions.RunCommand); ok && strings.Contains(run.CmdLine[0], "go build") {
			build = strings.ReplaceAll(run.CmdLine[0], " -o /out/", " -o "+out+"/")
		}
	}
	command := exec.CommandContext(t.Context(), "sh", "-c", build)
	command.Dir = context
	command.Env = append(os.Environ(), "GOWORK=off", "GOFLAGS=", "TARGETARCH=", "VERSION=1.2.3", "REVISION=0123abcd")
	if text, err := command.CombinedOutput(); err != nil {
		t.Fatalf("%s: %v\n%s", build, err, text)
	}
	program := filepath.Join(out, "bifrost")
	got, err := exec.CommandContext(t.Context(), program, "version").Output()
	if err != nil || !strings.HasPrefix(string(got), "bifrost 1.2.3 revision 0123abcd go1.") {
		t.Errorf("version: got %q, %v", got, err)
	}
	last := stages[len(stages)-1]
	for _, args := range [][]string{only[*instructions.CmdCommand](t, last).CmdLine, {"health"}} {
		if text, err := exec.CommandContext(t.Context(), program, append(args, "--help")...).CombinedOutput(); err != nil {
			t.Errorf("%v: %v\n%s", args, err, text)
		}
	}
}

// buildContext copies what "docker build" would send into a new folder.
func buildContext(t *testing.T) string {
	t.Helper()
	ignored, err := os.Open(filepath.Join(root, ".dockerignore"))
	if err != nil {
		t.Fatal(err)
	}
	defer ignored.Close()
	patterns, err := ignorefile.ReadAll(ignored)
	if err != nil {
		t.Fatal(err)
	}
	matcher, err := patternmatcher.New(patterns)
	if err != nil {
		t.Fatal(err)
	}
	to := t.TempDir()
	err = fs.WalkDir(os.DirFS(root), ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		skip, err := matcher.MatchesOrParentMatches(path)
		switch {
		case err != nil:
			return err
		case skip && d.IsDir():
			return fs.SkipDir
		case skip:
			return nil
		case d.IsDir():
			return os.MkdirAll(filepath.Join(to, path), 0o755)
		}
		content, err := os.ReadFile(filepath.Join(root, path))
		if err != nil {
			return fmt.Errorf("read %s: %w", path, err)
		}
		return os.WriteFile(filepath.Join(to, path), content, 0o644)
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, absent := range []string{".git", "docs", "nodes_test", "bifrost_test.go", "dist"} {
		if _, err := os.Stat(filepath.Join(to, absent)); err == nil {
			t.Errorf("%s is sent to the build", absent)
		}
	}
	return to
}
