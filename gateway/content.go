package gateway

// maxContent bounds what is logged of a request's body, and of its answer's, in bytes.
const maxContent = 64 << 10

// content is what was said, as far as it may be logged.
type content struct{ asked, answered []byte }

// keepAsked notes the body of a request.
func (c *content) keepAsked(body []byte) {
	if c != nil {
		c.asked = body[:min(len(body), maxContent)]
	}
}

// keepAnswered notes the next part of an answer.
func (c *content) keepAnswered(part []byte) {
	if c != nil {
		c.answered = append(c.answered, part[:min(len(part), maxContent-len(c.answered))]...)
	}
}
