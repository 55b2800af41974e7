package reload

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"bifrost/admin"
	"bifrost/config"
)

// candidate is a file on its way to be what runs.
type candidate struct {
	m       *Machine
	file    *config.File // nil if it cannot be read
	changes []config.Change
	faults  []string // why it cannot run
}

// candidate reads the file, and compares it with what runs.
func (m *Machine) candidate() *candidate {
	c := &candidate{m: m}
	file, err := m.o.Load()
	if err != nil {
		c.fail(err)
		return c
	}
	c.file = file
	c.changes = file.Changes(m.Running())
	for _, change := range c.changes {
		if change.Restart {
			c.faults = append(c.faults, restart(file, change))
		}
	}
	return c
}

// restart says that a key cannot change while the program runs.
func restart(file *config.File, change config.Change) string {
	where := file.Path
	if change.Line > 0 {
		where = fmt.Sprintf("%s:%d", where, change.Line)
	}
	return fmt.Sprintf("%s: %s: cannot change while the program runs; restart it, or put the old value back to reload the rest", where, change.Key)
}

// fail notes every fault of an error.
func (c *candidate) fail(err error) {
	var faults config.Errors
	if errors.As(err, &faults) {
		for _, f := range faults {
			c.faults = append(c.faults, f.Error())
		}
		return
	}
	for line := range strings.Lines(err.Error()) {
		c.faults = append(c.faults, strings.TrimSuffix(line, "\n"))
	}
}

// named is an error that names the file.
func (c *candidate) named(err error) error { return fmt.Errorf("%s: %w", c.file.Path, err) }

func (c *candidate) check() {
	if c.m.o.Check == nil {
		return
	}
	if err := c.m.o.Check(c.file); err != nil {
		c.fail(c.named(err))
	}
}

// apply puts the file into force even if nothing differs in it: files that it names may.
func (c *candidate) apply(ctx context.Context) {
	if err := c.m.o.Apply(ctx, c.m.Running(), c.file); err != nil {
		c.fail(c.named(err))
	}
}

// shown are changes as the admin API has them.
func shown(changes []config.Change) []admin.Change {
	out := make([]admin.Change, len(changes))
	for i, c := range changes {
		out[i] = admin.Change{Key: c.Key, Old: c.Old, New: c.New}
	}
	return out
}
