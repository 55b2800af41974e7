package config

import (
	"slices"
	"strings"

	"bifrost/schemas"
)

// StatusCodes returns the codes whose HTTP status [server.statuses] may set: those of
// what the gateway itself refuses.
func StatusCodes() []string {
	return []string{
		string(schemas.ReasonQueueFull),
		string(schemas.ReasonQueueTimeout),
		"deadline_unmeetable",
		string(schemas.ReasonDegraded),
		string(schemas.ReasonDraining),
		string(schemas.ReasonKeysResting),
		string(schemas.ReasonNoCredit),
		string(schemas.ReasonNodeLost),
		string(schemas.ReasonClusterLimit),
		"unsupported_operation",
		"not_permitted",
		"client_rate_limited",
		"client_tokens_limited",
		"client_in_flight",
	}
}

const (
	leastStatus = 400
	mostStatus  = 599
)

var statusBounds = wholeBounds{least: leastStatus, most: mostStatus, example: "429",
	otherwise: "leave it out for the status of the wire contract"}

func statusesShape() shape {
	codes := object{}
	for _, code := range StatusCodes() {
		codes[code] = statusBounds.shape().schema
	}
	return shape{"table of whole numbers", object{"type": "object", "additionalProperties": false, "properties": codes},
		"400 to 599, of `" + strings.Join(StatusCodes(), "`, `") + "`"}
}

func readStatuses(r *reader, v value, into *Server) {
	if !r.want(v, kindTable, "") {
		return
	}
	for _, m := range v.members {
		s := value{m.node, v.at.key(m.name)}
		if !slices.Contains(StatusCodes(), m.name) {
			r.unknown(s, m.name, StatusCodes())
			continue
		}
		if n, ok := r.whole(s, statusBounds); ok {
			if into.Statuses == nil {
				into.Statuses = map[string]int{}
			}
			into.Statuses[m.name] = int(n)
		}
	}
}
