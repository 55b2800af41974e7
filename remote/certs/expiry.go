package certs

import (
	"fmt"
	"time"
)

// ExpiryNotice is how long before its end ExpiresSoon begins to speak.
const ExpiryNotice = 30 * 24 * time.Hour

// NotAfter returns when peers begin to refuse the certificate in use: its end, or
// that of its authority if it is earlier. It may read the files.
func (i *Identity) NotAfter() time.Time { return i.latest().notAfter }

// ExpiresSoon returns nil while at now more than ExpiryNotice is left to NotAfter,
// and then what ends, when, and what to do. It may read the files. Asking it once in
// a while also finds files that have changed on a node that has no new connections.
func (i *Identity) ExpiresSoon(now time.Time) error {
	m := i.latest()
	left := m.notAfter.Sub(now)
	const advice = "put a new one in its place, which is used without a restart"
	switch {
	case left < 0:
		return fmt.Errorf("%s: the certificate has expired on %s, and new connections are refused; %s", m.ending, moment(m.notAfter), advice)
	case left < 24*time.Hour:
		return fmt.Errorf("%s: the certificate ends on %s, within a day; %s", m.ending, moment(m.notAfter), advice)
	case left <= ExpiryNotice:
		return fmt.Errorf("%s: the certificate ends on %s, in %d days; %s", m.ending, moment(m.notAfter), int(left/(24*time.Hour)), advice)
	}
	return nil
}
