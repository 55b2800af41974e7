package simulated

import (
	"cmp"
	"context"
	"net/http"
	"time"

	"bifrost/schemas"
)

// outages says when the provider is out of service. It is constant.
type outages struct {
	kind            schemas.Outage
	first           time.Time
	lasting, period time.Duration
}

func newOutages(cfg schemas.SimulationConfig, start time.Time) outages {
	return outages{
		kind:    cmp.Or(cfg.Outage, schemas.OutageError),
		first:   start.Add(cfg.OutageAfter),
		lasting: cfg.OutageFor,
		period:  cfg.OutageEvery,
	}
}

// now reports whether there is an outage. It asks the clock only where there may be one.
func (o outages) now() bool {
	if o.lasting == 0 {
		return false
	}
	since := time.Since(o.first)
	if since >= 0 && o.period > 0 {
		since %= o.period
	}
	return since >= 0 && since < o.lasting
}

var outageRefusal = standing(refusal{status: http.StatusServiceUnavailable, code: "outage",
	message: "simulated outage; retry later"})

// fail answers, or does not, a call that has come during an outage.
func (u *Upstream) fail(ctx context.Context) (reply, outcome, error) {
	var f fault
	switch u.outages.kind {
	case schemas.OutageHang:
		f = fault{kind: faultStall}
	case schemas.OutageReset:
		f = fault{kind: faultReset}
	default:
		return outageRefusal.reply(), failed, nil
	}
	end, err := f.strike(ctx, nil)
	return reply{}, end, err
}
