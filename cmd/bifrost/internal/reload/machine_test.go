package reload_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"testing/synctest"

	"bifrost/admin"
	"bifrost/cmd/bifrost/internal/reload"
	"bifrost/config"
)

// rig is a machine whose file is a text, and which notes what was applied.
type rig struct {
	*reload.Machine
	mu      sync.Mutex
	text    string
	applied []*config.File
	refuse  error         // of the next Apply
	hold    chan struct{} // Apply waits for it; nil: it does not
	told    []admin.ConfigVersion
}

func parse(text string) (*config.File, error) {
	return config.Parse("bifrost.toml", []byte(text), config.TOML)
}

func newRig(t *testing.T, text string) *rig {
	t.Helper()
	file, err := parse(text)
	if err != nil {
		t.Fatal(err)
	}
	r := &rig{text: text}
	r.Machine = reload.New(reload.Options{File: file,
		Load:  func() (*config.File, error) { r.mu.Lock(); defer r.mu.Unlock(); return parse(r.text) },
		Check: func(*config.File) error { return r.refuse },
		Apply: func(ctx context.Context, now, next *config.File) error {
			if r.hold != nil {
				select {
				case <-r.hold:
				case <-ctx.Done():
					return ctx.Err()
				}
			}
			if r.refuse != nil {
				return r.refuse
			}
			r.applied = append(r.applied, next)
			return nil
		},
		Told: func(v admin.ConfigVersion) { r.told = append(r.told, v) },
	})
	return r
}

func (r *rig) write(text string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.text = text
}

const first = "[providers.simulated]\n[providers.simulated.concurrency_and_buffer_size]\nconcurrency = 3\n"

func changed(changes []admin.Change) string {
	keys := make([]string, len(changes))
	for i, c := range changes {
		keys[i] = c.Key + " " + c.Old + ">" + c.New
	}
	return strings.Join(keys, " ")
}

func TestAReloadPutsTheFileIntoForceAndCountsTheVersion(t *testing.T) {
	r := newRig(t, first)
	before := r.Version()
	if before.Number != 1 || before.Path != "bifrost.toml" || len(before.Digest) != 12 || before.LoadedAt.IsZero() || before.Failed != "" {
		t.Errorf("at the start: %+v", before)
	}
	r.write(strings.Replace(first, "3", "5", 1))
	got := r.Reload(t.Context(), false)
	if !got.Applied || len(got.Errors) > 0 || changed(got.Changes) != "providers.simulated.concurrency_and_buffer_size.concurrency 3>5" {
		t.Errorf("got %+v", got)
	}
	if v := r.Version(); v != got.Config || v.Number != 2 || v.Digest == before.Digest {
		t.Errorf("then %+v", v)
	}
	if len(r.applied) != 1 || r.Running() != r.applied[0] || len(r.told) != 2 || r.told[1] != r.Version() {
		t.Errorf("applied %d, told %+v", len(r.applied), r.told)
	}
}

func TestAReloadWithoutAChangeKeepsTheNumber(t *testing.T) {
	r := newRig(t, first)
	got := r.Reload(t.Context(), false)
	if !got.Applied || len(got.Changes) > 0 || got.Config.Number != 1 {
		t.Errorf("got %+v", got)
	}
	if len(r.applied) != 1 {
		t.Error("it was not applied: files that it names may have changed")
	}
}

func TestADryRunChangesNothingAndSaysWhatWould(t *testing.T) {
	r := newRig(t, first)
	before := r.Version()
	r.write(strings.Replace(first, "3", "5", 1))
	if got := r.Reload(t.Context(), true); got.Applied || len(got.Errors) > 0 || len(got.Changes) != 1 {
		t.Errorf("got %+v", got)
	}
	r.refuse = errors.New("provider simulated: has no key")
	if got := r.Reload(t.Context(), true); got.Applied || len(got.Errors) != 1 || got.Errors[0] != "bifrost.toml: provider simulated: has no key" {
		t.Errorf("got %+v", got)
	}
	if r.Version() != before || len(r.applied) != 0 {
		t.Errorf("then %+v, applied %d", r.Version(), len(r.applied))
	}
}

func TestWhatIsWrongLeavesWhatRunsAndIsSaidUntilAReloadSucceeds(t *testing.T) {
	for name, c := range map[string]struct {
		text   string
		refuse error
		want   []string
	}{
		"a faulty file":         {"initial_pool_size = 0\nnothing = 1\n" + first, nil, []string{"bifrost.toml:1: initial_pool_size: ", "bifrost.toml:2: nothing: "}},
		"a key that is fixed":   {"[server]\nlisten = \"127.0.0.1:1\"\n" + first, nil, []string{"server.listen: cannot change while the program runs; restart it"}},
		"two that are":          {"initial_pool_size = 7\n[server]\nlisten = \"127.0.0.1:1\"\n" + first, nil, []string{"initial_pool_size: cannot", "server.listen: cannot"}},
		"what the runtime says": {strings.Replace(first, "3", "5", 1), errors.New("one\ntwo"), []string{"bifrost.toml: one", "two"}},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t, first)
			before := r.Version()
			r.write(c.text)
			r.refuse = c.refuse
			got := r.Reload(t.Context(), false)
			if got.Applied || len(got.Errors) != len(c.want) {
				t.Fatalf("got %+v", got)
			}
			for i, want := range c.want {
				if !strings.Contains(got.Errors[i], want) {
					t.Errorf("error %d is %q, want %q", i, got.Errors[i], want)
				}
			}
			v := r.Version()
			if v.Failed != strings.Join(got.Errors, "\n") || v.Number != before.Number || v.Digest != before.Digest || len(r.applied) != 0 {
				t.Errorf("then %+v", v)
			}
			r.write(first)
			r.refuse = nil
			if got := r.Reload(t.Context(), false); got.Config.Failed != "" {
				t.Errorf("it still says %q", got.Config.Failed)
			}
		})
	}
}

func TestWhatSetChangesIsAnOverrideUntilTheNextReload(t *testing.T) {
	r := newRig(t, first)
	five, seven, drop := 5, 7, true
	for _, s := range []struct {
		provider string
		settings admin.Settings
	}{{"simulated", admin.Settings{Concurrency: &five}}, {"simulated", admin.Settings{BufferSize: &seven}}, {"", admin.Settings{Drop: &drop}}} {
		if err := r.Set(t.Context(), s.provider, s.settings); err != nil {
			t.Fatal(err)
		}
	}
	running := r.Running()
	size := running.Providers[0].Config.ConcurrencyAndBufferSize
	if asked, err := running.Bifrost.Account.GetConfigForProvider("simulated"); err != nil || asked.ConcurrencyAndBufferSize != size || size.Concurrency != 5 || size.BufferSize != 7 || !running.Bifrost.DropExcessRequests {
		t.Errorf("what runs has %+v, the account %+v, %v", size, asked, err)
	}
	if v := r.Version(); !v.Override || v.Number != 1 || v.Digest == r.told[0].Digest {
		t.Errorf("%+v", v)
	}
	got := r.Reload(t.Context(), true)
	const back = "drop_excess_requests true>false providers.simulated.concurrency_and_buffer_size.buffer_size 7>100 " +
		"providers.simulated.concurrency_and_buffer_size.concurrency 5>3"
	if changed(got.Changes) != back {
		t.Errorf("the dry run says %s", changed(got.Changes))
	}
	if got := r.Reload(t.Context(), false); got.Config.Override || got.Config.Number != 2 || changed(got.Changes) != back {
		t.Errorf("the reload: %+v", got)
	}
	if r.Version().Digest != r.told[0].Digest {
		t.Error("the file's values are not back")
	}
}

func TestSetThatFailsChangesNothing(t *testing.T) {
	r := newRig(t, first)
	before, five := r.Version(), 5
	if err := r.Set(t.Context(), "unheard-of", admin.Settings{Concurrency: &five}); err == nil || !strings.Contains(err.Error(), "unheard-of") {
		t.Errorf("got %v", err)
	}
	r.refuse = errors.New("no")
	if err := r.Set(t.Context(), "simulated", admin.Settings{Concurrency: &five}); err == nil {
		t.Error("no error")
	}
	r.refuse = nil
	drop := true
	if err := r.Set(t.Context(), "simulated", admin.Settings{Drop: &drop}); err != nil {
		t.Error(err)
	}
	if got := r.Running().Providers[0].Config; got.ConcurrencyAndBufferSize.Concurrency != 3 || got.DropExcessRequests == nil {
		t.Errorf("what was refused is in %+v", got)
	}
	if before.Override {
		t.Error("an override before there was one")
	}
}

func TestChangesFollowEachOtherAndEndWithClose(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, first)
		r.hold = make(chan struct{})
		r.write(strings.Replace(first, "3", "5", 1))
		done := make(chan admin.Reload, 3)
		for range 2 {
			go func() { done <- r.Reload(context.Background(), false) }()
		}
		synctest.Wait()
		ended, cancel := context.WithCancel(t.Context())
		cancel()
		if got := r.Reload(ended, false); got.Applied || len(got.Errors) != 1 || !strings.Contains(got.Errors[0], "another change is under way") {
			t.Errorf("got %+v", got)
		}
		closed := make(chan struct{})
		go func() { r.Close(context.Background()); close(closed) }()
		synctest.Wait()
		select {
		case <-closed:
			t.Error("Close did not wait for the change that is under way")
		default:
		}
		close(r.hold)
		<-closed
		var applied int
		for range 2 {
			if (<-done).Applied {
				applied++
			}
		}
		if applied != 1 {
			t.Errorf("%d applied", applied)
		}
		drop := true
		if err := r.Set(t.Context(), "", admin.Settings{Drop: &drop}); !errors.Is(err, reload.ErrClosed) {
			t.Errorf("after Close: %v", err)
		}
	})
}

func TestTheConfigurationAndItsVersionAreOfOneMoment(t *testing.T) {
	r := newRig(t, first)
	done := make(chan struct{})
	go func() { // ends after its reloads
		defer close(done)
		for i := range 200 {
			r.write(strings.Replace(first, "3", []string{"4", "5"}[i%2], 1))
			r.Reload(context.Background(), false)
		}
	}()
	for {
		if file, v := r.Now(); file.Digest() != v.Digest {
			t.Fatalf("the version %s is told of a configuration %s", v.Digest, file.Digest())
		}
		select {
		case <-done:
			return
		default:
		}
	}
}
