package main

import (
	"context"

	"bifrost/cmd/bifrost/internal/watch"
)

// watched knows what is in the file that is watched; nil if there is none.
func (s *service) watched() *watch.File {
	if s.watch == "" {
		return nil
	}
	return watch.New(s.watch)
}

// trigger reloads at SIGHUP, and when the file has other content.
func (s *service) trigger(file *watch.File) {
	ctx, cancel := context.WithCancel(context.Background())
	s.endWatch = cancel
	s.running.Go(func() { // ends when endWatch is called
		for {
			select {
			case <-s.hangups:
				s.reload(ctx, "SIGHUP", false)
			case <-ctx.Done():
				return
			}
		}
	})
	if file == nil {
		return
	}
	s.running.Go(func() { // ends when endWatch is called
		file.Run(ctx, func() {
			if s.machine.Running().Server.Watch {
				s.reload(ctx, "a change of the file", false)
			}
		})
	})
}
