package openai

import (
	"io"
	"strings"

	"bifrost/schemas"
)

// chunks reads a stream to its end.
func chunks(s *ChatStream) ([]*schemas.ChatChunk, error) {
	var all []*schemas.ChatChunk
	for {
		c, err := s.Next()
		if err == io.EOF {
			return all, nil
		}
		if err != nil {
			return all, err
		}
		all = append(all, c)
	}
}

func textOfAll(all []*schemas.ChatChunk) string {
	var b strings.Builder
	for _, c := range all {
		b.WriteString(c.Text())
	}
	return b.String()
}
