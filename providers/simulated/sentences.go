package simulated

import (
	"strings"
	"unicode/utf8"

	"bifrost/schemas"
)

// fillers follow the quotation until the answer is long enough.
var fillers = [][]string{
	strings.Fields("No model was asked and no key was spent."),
	strings.Fields("The same question always gets the same words."),
	strings.Fields("Another seed tells these sentences in another order."),
	strings.Fields("Each word counts as one token of the bill that nobody gets."),
	strings.Fields("A real provider would have something wiser to say here."),
}

var (
	leadAnswer = strings.Fields("This is a simulated answer to")
	leadBare   = strings.Fields("This is a simulated answer.")
	leadTool   = strings.Fields("The tool answered")
)

// longestQuote is how many bytes of one word are quoted at most.
const longestQuote = 64

// writer builds a passage of at most limit words, one token each.
type writer struct {
	text  []byte
	ends  []int
	limit int
}

func (w *writer) full() bool { return len(w.ends) >= w.limit }

func (w *writer) word(s string) {
	if w.full() {
		return
	}
	if len(w.ends) > 0 {
		w.text = append(w.text, ' ')
	}
	w.text = append(w.text, s...)
	w.ends = append(w.ends, len(w.text))
}

func (w *writer) words(list []string) {
	for _, s := range list {
		w.word(s)
	}
}

// glue appends to the last word.
func (w *writer) glue(s string) {
	if len(w.ends) == 0 {
		return
	}
	w.text = append(w.text, s...)
	w.ends[len(w.ends)-1] = len(w.text)
}

// quote writes the words of messages in quotation marks, as many as fit.
func (w *writer) quote(messages []chatMessage) {
	opened := false
	for _, m := range messages {
		for text := range texts(m.Content) {
			for s := range strings.FieldsSeq(text) {
				if w.full() {
					w.closeQuote(opened)
					return
				}
				s = shorten(s)
				if !opened {
					s, opened = `"`+s, true
				}
				w.word(s)
			}
		}
	}
	w.closeQuote(opened)
}

func (w *writer) closeQuote(opened bool) {
	if opened {
		w.glue(`".`)
	}
}

// end makes the last word end a sentence.
func (w *writer) end() {
	if n := len(w.text); n > 0 && w.text[n-1] != '.' {
		w.glue(".")
	}
}

func shorten(s string) string {
	if len(s) <= longestQuote {
		return s
	}
	cut := longestQuote
	for cut > 0 && !utf8.RuneStart(s[cut]) {
		cut--
	}
	return s[:cut]
}

// compose writes an answer of exactly size words, which the seed and the quoted
// messages decide; the variant tells the choices of one answer apart. The opening
// comes first.
func compose(seed uint64, opening []string, messages []chatMessage, size, variant int) passage {
	w := writer{limit: size, text: make([]byte, 0, 8*min(size, 1<<10)), ends: make([]int, 0, min(size, 1<<10))}
	lead, quoted := subject(messages)
	w.words(opening)
	w.words(lead)
	w.quote(quoted)
	next := int((seed + hashMessages(quoted)) % uint64(len(fillers)))
	for next += variant; !w.full(); next++ {
		w.words(fillers[next%len(fillers)])
	}
	w.end()
	return passage{text: string(w.text), ends: w.ends}
}

// subject is what an answer speaks of: the tool results that end the
// conversation, else its last user message.
func subject(messages []chatMessage) (lead []string, quoted []chatMessage) {
	first := len(messages)
	for first > 0 && messages[first-1].Role == "tool" {
		first--
	}
	if first < len(messages) {
		return leadTool, messages[first:]
	}
	for i := len(messages) - 1; i >= 0; i-- {
		if messages[i].Role == "user" && countable(messages[i].Content) {
			return leadAnswer, messages[i : i+1]
		}
	}
	return leadBare, nil
}

// countable reports whether there is at least one word to quote.
func countable(c *schemas.Content) bool {
	for text := range texts(c) {
		if strings.TrimSpace(text) != "" {
			return true
		}
	}
	return false
}

func hashMessages(messages []chatMessage) uint64 {
	h := hashSeed
	for _, m := range messages {
		for text := range texts(m.Content) {
			h = hashText(h, text)
		}
	}
	return h
}

// hashSeed and hashText are 64-bit FNV-1a, the same in every process.
const hashSeed uint64 = 14695981039346656037

func hashText(h uint64, s string) uint64 {
	for i := range len(s) {
		h = (h ^ uint64(s[i])) * 1099511628211
	}
	return h
}
