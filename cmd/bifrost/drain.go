package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"bifrost/remote"
)

// answerGrace is how long answers to calls that were cancelled at the end of the
// shutdown's time may take to reach their clients.
const answerGrace = 2 * time.Second

// stop drains: the gateway is not ready any more and refuses, the listener is
// closed, and what was accepted is finished within limit. What is left then is
// cancelled and answered. Where nodes are found, to say goodbye comes first, and may take
// a second more. The error says what was left.
func (s *service) stop(limit time.Duration) error {
	s.gateway.Drain()
	s.members.stop()
	if s.node != nil {
		s.node.Leave()
	}
	began := time.Now()
	work, cancelWork := context.WithTimeout(context.Background(), limit)
	defer cancelWork()
	connections, cancelConnections := context.WithTimeout(context.Background(), limit+answerGrace)
	defer cancelConnections()

	closed := make(chan error, 1)
	go func() { closed <- s.server.Shutdown(connections) }() // ends with connections at the latest
	left := s.client.Shutdown(work)
	err := <-closed
	if errors.Is(err, context.DeadlineExceeded) {
		err = errors.New("some clients did not take their answers in time; their connections were closed")
		_ = s.server.Close()
	}
	if err := errors.Join(left, err, stopNode(s.node, began.Add(limit+answerGrace))); err != nil {
		return fmt.Errorf("stopped after %v, before everything was finished: %w", limit, err)
	}
	s.logger.Info().Msg("stopped, everything finished")
	return nil
}

// abandon ends what was started for nothing.
func (s *service) abandon() error {
	s.members.stop()
	ended, cancel := context.WithCancel(context.Background())
	cancel()
	return errors.Join(s.client.Shutdown(ended), stopNode(s.node, time.Now()))
}

// stopNode ends a node, if there is one; answers to other nodes may take until deadline.
func stopNode(node *remote.Node, deadline time.Time) error {
	if node == nil {
		return nil
	}
	ctx, cancel := context.WithDeadline(context.Background(), deadline)
	defer cancel()
	return node.Shutdown(ctx)
}
