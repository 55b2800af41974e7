package main

import (
	"fmt"

	"github.com/coreos/go-systemd/v22/daemon"

	"bifrost/admin"
)

// notify tells systemd of a state, if it has started this process and wants to know.
func (s *service) notify(state string) {
	if _, err := daemon.SdNotify(false, state); err != nil {
		s.logger.Warn().Err(err).Msg("systemd cannot be told of this service's state")
	}
}

func ready(v admin.ConfigVersion) string {
	status := fmt.Sprintf("configuration %d (%s)", v.Number, v.Digest)
	if v.Failed != "" {
		status += "; the last reload was refused, see the log"
	}
	return daemon.SdNotifyReady + "\nSTATUS=" + status
}

func reloading() string {
	return daemon.SdNotifyReloading + "\n" + daemon.SdNotifyMonotonicUsec()
}
