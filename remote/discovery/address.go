package discovery

import (
	"errors"
	"fmt"
	"net"
	"strconv"
	"strings"
)

// maxName is the length of the longest name that DNS can hold.
const maxName = 253

// CheckAddress returns an error that says what is wrong with an address which is not
// "host:port": a name or an IP, an IPv6 one in brackets, and a port from 1 to 65535.
func CheckAddress(address string) error {
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return fmt.Errorf("%s is not host:port; write it as in 10.0.0.2:7600 or [fd00::2]:7600", quoted(address))
	}
	if _, err := parsePort(port); err != nil {
		return err
	}
	if net.ParseIP(host) != nil {
		return nil
	}
	return checkName(host)
}

func parsePort(text string) (uint16, error) {
	port, err := strconv.ParseUint(text, 10, 16)
	if err != nil || port == 0 || text[0] == '+' {
		return 0, fmt.Errorf("%s is not a port; give a number from 1 to 65535", quoted(text))
	}
	return uint16(port), nil
}

// checkName refuses what no DNS server could be asked for. It lets underscores pass,
// which names of services begin with.
func checkName(name string) error {
	trimmed := strings.TrimSuffix(name, ".")
	if trimmed == "" {
		return errors.New("the host is empty; give a name or an IP address")
	}
	if len(trimmed) > maxName {
		return fmt.Errorf("the host's name has %d characters; DNS allows %d", len(trimmed), maxName)
	}
	for label := range strings.SplitSeq(trimmed, ".") {
		if label == "" || len(label) > 63 || strings.ContainsFunc(label, notInName) {
			return fmt.Errorf("%s is not a host's name; its parts have letters, digits and hyphens, at most 63", quoted(name))
		}
	}
	return nil
}

func notInName(r rune) bool {
	switch {
	case 'a' <= r && r <= 'z', 'A' <= r && r <= 'Z', '0' <= r && r <= '9', r == '-', r == '_':
		return false
	}
	return true
}

// quoted shows the beginning of what somebody has written.
func quoted(text string) string {
	if len(text) > 80 {
		text = text[:80] + "…"
	}
	return strconv.Quote(text)
}
