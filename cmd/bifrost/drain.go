package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/coreos/go-systemd/v22/daemon"

	"bifrost"
	"bifrost/remote"
)

// answerGrace is how long answers to calls that were cancelled at the end of the
// shutdown's time may take to reach their clients.
const answerGrace = 2 * time.Second

// stop ends the service, because of failure if that is not nil. First it is not ready any
// more, and for server.shutdown_delay nothing else, so that load balancers learn of it.
// Then nothing is admitted, and what was accepted is finished within
// server.shutdown_timeout; what is left then is cancelled and answered. The admin listener
// goes last. The error says what was left.
func (s *service) stop(failure error) error {
	s.notify(daemon.SdNotifyStopping)
	server := s.machine.Running().Server
	s.leave()
	if failure == nil && server.ShutdownDelay > 0 {
		timer := time.NewTimer(server.ShutdownDelay)
		select {
		case <-timer.C:
		case failure = <-s.failed:
			timer.Stop()
		}
	}
	left := s.drain(server.ShutdownTimeout)
	s.admin.stop()
	s.running.Wait()
	s.flushTraces()
	if left != nil {
		s.report(left)
		left = fmt.Errorf("stopped after %v, before everything was finished: %w", server.ShutdownTimeout, left)
	} else {
		s.logger.Info().Msg("stopped, everything finished")
	}
	return errors.Join(failure, left)
}

// leave ends reloads, and tells who would send something to send it elsewhere.
func (s *service) leave() {
	s.gateway.Leave()
	s.admin.drains()
	s.endWatch()
	ended, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	s.machine.Close(ended)
	s.members.stop()
	if s.node != nil {
		s.node.Leave()
	}
}

// drain refuses what comes, and finishes what was accepted within limit.
func (s *service) drain(limit time.Duration) error {
	s.gateway.Drain()
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
	return errors.Join(left, err, stopNode(s.node, began.Add(limit+answerGrace)))
}

// report logs what was left, per provider.
func (s *service) report(err error) {
	var left *bifrost.ShutdownError
	if !errors.As(err, &left) {
		return
	}
	for _, l := range left.Left {
		s.logger.Warn().Str("provider", l.Provider).Int("queued", l.Queued).Int("backing_off", l.BackingOff).
			Int("in_hand", l.InHand).Int("stuck", l.Stuck).Msg("requests were answered unserved")
	}
}

// flushTraces sends what is left of the traces, for a while.
func (s *service) flushTraces() {
	if s.untrace == nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), answerGrace)
	defer cancel()
	if err := s.untrace(ctx); err != nil {
		s.logger.Warn().Err(err).Msg("the last traces were not sent")
	}
}

// abandon ends what start has begun, before anybody was served.
func (s *service) abandon() error {
	var errs []error
	if s.listener != nil {
		_ = s.listener.Close()
	}
	s.admin.stop()
	s.members.stop()
	if s.client != nil {
		ended, cancel := context.WithCancel(context.Background())
		cancel()
		errs = append(errs, s.client.Shutdown(ended))
	}
	errs = append(errs, stopNode(s.node, time.Now()))
	s.flushTraces()
	return errors.Join(errs...)
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
