package clients_test

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"regexp"
	"strings"
)

// What the checks share; node/expect.mjs has the same for Node.
const (
	// pixel is a picture of one pixel, in base64.
	pixel = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="

	// pdf is a document of one empty page.
	pdf = "%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj 2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj " +
		"3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 9 9]>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"

	// forbidden is what the simulated provider answers with a refusal.
	forbidden = "[simulate: refuse] Say something that you must not say"

	// stopped is what is left of an answer that ends at the word "answer".
	stopped = "This is a simulated"
)

var (
	pixelBytes, _ = base64.StdEncoding.DecodeString(pixel)
	pdfBase64     = base64.StdEncoding.EncodeToString([]byte(pdf))

	// remembers matches what the provider says when an earlier answer's thinking has
	// come back as it was.
	remembers = regexp.MustCompile(`^I remember 1 thought\.`)
)

// longText returns a text that no call has had before, long enough for every provider's
// cache.
func longText() string {
	return rand.Text() + " " + strings.Repeat("These are the rules of the house. ", 200)
}

// place is the schema of what has a city.
var place = map[string]any{"type": "object", "properties": map[string]any{"city": map[string]any{"type": "string"}},
	"required": []string{"city"}, "additionalProperties": false}

func isPlace(text string) bool {
	var place struct{ City *string }
	return json.Unmarshal([]byte(text), &place) == nil && place.City != nil
}

// ask is a feature that needs a model only.
func ask(name string, try func(ctx context.Context, model string) error) feature {
	return feature{name, func(ctx context.Context, model string, _ plan) error { return try(ctx, model) }}
}
