package dialecttest

import (
	"strings"

	"bifrost/internal/dialect"
	"bifrost/internal/wire"
	"bifrost/schemas"
)

// Seen is what a Watch makes of a stream.
type Seen struct {
	Passed  string         // all that is passed on
	First   int            // index of the first event with content; -1: none
	Failure *schemas.Error // the first one; nil: none
	End     error
}

// Watched shows a whole stream to a Watch, to the end of its source.
func Watched(w dialect.Watch, stream string) Seen {
	r := wire.NewReader(strings.NewReader(stream))
	out := Seen{First: -1}
	for i := 0; ; i++ {
		ev, err := r.Next()
		if err != nil {
			missing, end := w.End(err)
			out.Passed, out.End = out.Passed+string(missing), end
			return out
		}
		pass, content, failed := w.See(ev)
		out.Passed += string(pass)
		if content && out.First < 0 {
			out.First = i
		}
		if failed != nil && out.Failure == nil {
			out.Failure = failed
		}
	}
}
