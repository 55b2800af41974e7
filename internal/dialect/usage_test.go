package dialect

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
)

func TestTheUsageOfALongAnswerIsReadFromItsEnd(t *testing.T) {
	long := strings.Repeat("x", MaxEnding)
	for name, c := range map[string]struct {
		body string
		want string
	}{
		"last":                  {`{"text":"` + long + `","usage":{"n":1}}`, `{"n":1}`},
		"with more behind it":   {`{"text":"` + long + `", "usage" : {"n":{"m":[1,2]}} , "id":"}\"{", "tier":null}` + "\n", `{"n":{"m":[1,2]}}`},
		"in a list":             {`[{"text":"` + long + `"},` + "\n" + `{"usage":{"n":1}},{"usage":{"n":2},"id":"x"}` + "\n]", `{"n":2}`},
		"within a text":         {`{"text":"` + long + ` \"usage\":{\"n\":1}"}`, ""},
		"of another object":     {`{"text":"` + long + `","other":{"usage":{"n":1}}}`, ""},
		"beside another's":      {`{"text":"` + long + `","usage":{"n":1},"other":{"usage":{"n":2}}}`, `{"n":1}`},
		"as a value":            {`{"text":"` + long + `","usage":{"n":1},"kind":"usage"}`, `{"n":1}`},
		"no object":             {`{"text":"` + long + `","usage":null}`, ""},
		"cut off":               {`{"text":"` + long + `","usage":{"n":1`, ""},
		"with an open end":      {`{"text":"` + long + `","usage":{"n":1}`, ""},
		"as the text of a text": {`{"text":"` + long + `","usage":"{\"usage\":{}}"}`, ""},
	} {
		t.Run(name, func(t *testing.T) {
			data := []byte(c.body)
			if got := (Ending{Data: data[len(data)-MaxEnding:], Cut: true}).Object("usage"); string(got) != c.want {
				t.Errorf("of the end: got %q, want %q", got, c.want)
			}
			if !json.Valid(data) {
				return
			}
			if got := (Ending{Data: data}).Object("usage"); string(got) != c.want {
				t.Errorf("of the whole: got %q, want %q", got, c.want)
			}
		})
	}
}

func TestUsageBeforeTheEndOfALongAnswerIsNotSeen(t *testing.T) {
	body := []byte(`{"usage":{"n":1},"text":"` + strings.Repeat("x", MaxEnding) + `"}`)
	if got := (Ending{Data: body[len(body)-MaxEnding:], Cut: true}).Object("usage"); got != nil {
		t.Errorf("got %q", got)
	}
}

func FuzzEnding(f *testing.F) {
	f.Add([]byte(`{"choices":[{"text":"\"usage\":{}"}],"usage":{"total_tokens":3},"id":"x"}`), 20)
	f.Add([]byte(`[{"usage":{}},{"usage":{"a":"}"}}]`), 3)
	f.Add([]byte(`{"usage":{"usage":{"usage":{}}}}`), 0)
	f.Fuzz(func(t *testing.T, data []byte, cut int) {
		whole := Ending{Data: data}.Object("usage")
		if !json.Valid(data) || cut < 0 || cut >= len(data) {
			return
		}
		end := Ending{Data: data[cut:], Cut: true}.Object("usage")
		if end == nil {
			return
		}
		if !json.Valid(end) {
			t.Fatalf("not json: %q", end)
		}
		// A member that comes twice is read as its first by one, and as its last by the other.
		if bytes.Count(data, []byte(`"usage"`)) == 1 && !bytes.Contains(data, []byte(`\`)) && !bytes.Equal(end, whole) {
			t.Fatalf("the end has %q, the whole %q", end, whole)
		}
	})
}
