package top

import (
	"context"
	"io"
	"strings"
	"time"

	"bifrost/admin"
)

// Control sequences of a terminal.
const (
	enter = "\x1b[?1049h\x1b[?25l" // another screen, no cursor
	leave = "\x1b[?25h\x1b[?1049l"
	home  = "\x1b[H"
	clean = "\x1b[K" // the rest of the line
	below = "\x1b[J" // all lines below
	newln = "\r\n"   // a raw terminal does not return by itself
)

// Options are what is shown live.
type Options struct {
	State    func(context.Context) (admin.State, error)
	Interval time.Duration
	Size     func() (columns, lines int)
	Keys     <-chan byte // what is typed; q and Ctrl-C end it
	Out      io.Writer
}

// Run shows the state, again and again, until q is typed or ctx ends. A state that cannot
// be had is said on the screen, and asked for again.
func Run(ctx context.Context, o Options) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	if _, err := io.WriteString(o.Out, enter); err != nil {
		return err
	}
	defer func() { _, _ = io.WriteString(o.Out, leave) }()
	ticker := time.NewTicker(o.Interval)
	defer ticker.Stop()
	var lines []string
	fresh := o.ask(ctx)
	for {
		if err := o.draw(lines); err != nil {
			return err
		}
		select {
		case lines = <-fresh:
			fresh = nil
		case <-ticker.C:
			if fresh == nil { // else the last answer is still to come
				fresh = o.ask(ctx)
			}
		case key := <-o.Keys:
			if key == 'q' || key == 'Q' || key == ctrlC {
				return nil
			}
		case <-ctx.Done():
			return nil
		}
	}
}

const ctrlC = 3

// ask asks for the state in the background, so that a key is heard meanwhile.
func (o Options) ask(ctx context.Context) <-chan []string {
	out := make(chan []string, 1)
	go func() { // ends with the answer; ctx ends that
		state, err := o.State(ctx)
		columns, lines := o.Size()
		if err != nil {
			out <- wrap(err.Error(), columns)
			return
		}
		out <- Render(state, columns, lines-2)
	}()
	return out
}

func (o Options) draw(lines []string) error {
	var b strings.Builder
	b.WriteString(home)
	for _, line := range append(lines, "", "q quits") {
		b.WriteString(line + clean + newln)
	}
	b.WriteString(below)
	_, err := io.WriteString(o.Out, b.String())
	return err
}

// wrap breaks a text into lines.
func wrap(text string, columns int) []string {
	var out []string
	for line := range strings.SplitSeq(text, "\n") {
		for runes := []rune(line); len(runes) > 0; {
			n := min(len(runes), max(columns, 1))
			out, runes = append(out, string(runes[:n])), runes[n:]
		}
	}
	return out
}
