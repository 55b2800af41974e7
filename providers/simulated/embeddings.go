package simulated

import (
	"context"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"math"
	"math/rand/v2"
	"net/http"
	"strconv"
)

// Bounds and default of an embeddings request.
const (
	defaultDimensions = 64
	maxDimensions     = 4096
	maxInputs         = 2048
)

type embeddingRequest struct {
	Model          string         `json:"model"`
	Input          embeddingInput `json:"input"`
	Dimensions     *int           `json:"dimensions"`
	EncodingFormat string         `json:"encoding_format"`
}

// embeddingInput is a string, an array of strings, an array of tokens or an
// array of those.
type embeddingInput []embeddingItem

// embeddingItem is one input: what its vector is made from, and its tokens.
type embeddingItem struct {
	hash   uint64
	tokens int
	empty  bool
}

// UnmarshalJSON reads any of the four forms.
func (in *embeddingInput) UnmarshalJSON(data []byte) error {
	var text string
	if json.Unmarshal(data, &text) == nil {
		*in = embeddingInput{textItem(text)}
		return nil
	}
	var texts []string
	if json.Unmarshal(data, &texts) == nil {
		*in = make(embeddingInput, len(texts))
		for i, t := range texts {
			(*in)[i] = textItem(t)
		}
		return nil
	}
	var tokens []int
	if json.Unmarshal(data, &tokens) == nil {
		*in = embeddingInput{tokenItem(tokens)}
		return nil
	}
	var lists [][]int
	if err := json.Unmarshal(data, &lists); err != nil {
		return err
	}
	*in = make(embeddingInput, len(lists))
	for i, t := range lists {
		(*in)[i] = tokenItem(t)
	}
	return nil
}

func textItem(text string) embeddingItem {
	return embeddingItem{hash: hashText(hashSeed, text), tokens: countWords(text), empty: text == ""}
}

func tokenItem(tokens []int) embeddingItem {
	h := hashText(hashSeed, "tokens")
	for _, t := range tokens {
		h = hashText(h, strconv.Itoa(t)+",")
	}
	return embeddingItem{hash: h, tokens: len(tokens), empty: len(tokens) == 0}
}

func parseEmbeddings(_ *Upstream, c call) (job, *refusal) {
	r := new(embeddingRequest)
	if fault := decode(c.body, r); fault != nil {
		return nil, fault
	}
	switch {
	case r.Model == "":
		return nil, badRequest("model", "model is missing; name one")
	case len(r.Input) == 0:
		return nil, badRequest("input", "input is missing or empty; send text")
	case len(r.Input) > maxInputs:
		return nil, badRequest("input", "input has more than "+strconv.Itoa(maxInputs)+" elements; send fewer")
	case r.Dimensions != nil && (*r.Dimensions < 1 || *r.Dimensions > maxDimensions):
		return nil, badRequest("dimensions", "dimensions is not between 1 and "+strconv.Itoa(maxDimensions))
	case r.EncodingFormat != "" && r.EncodingFormat != "float" && r.EncodingFormat != "base64":
		return nil, badRequest("encoding_format", "encoding_format must be float or base64")
	}
	for i, item := range r.Input {
		if item.empty {
			return nil, badRequest("input["+strconv.Itoa(i)+"]", "an input is empty; send text")
		}
	}
	return r, nil
}

func (r *embeddingRequest) streams() bool { return false }

func (r *embeddingRequest) reply(context.Context, *Upstream, ticket, switches) reply {
	size := defaultDimensions
	if r.Dimensions != nil {
		size = *r.Dimensions
	}
	b := []byte(`{"object":"list","data":[`)
	tokens := 0
	for i, item := range r.Input {
		if i > 0 {
			b = append(b, ',')
		}
		b = appendNumber(b, `{"object":"embedding","index":`, i)
		b = append(b, `,"embedding":`...)
		vector := unitVector(item.hash, size)
		if r.EncodingFormat == "base64" {
			b = appendBase64(b, vector)
		} else {
			b = appendFloats(b, vector)
		}
		b = append(b, '}')
		tokens += item.tokens
	}
	b = appendString(append(b, `],"model":`...), r.Model)
	b = appendNumber(b, `,"usage":{"prompt_tokens":`, tokens)
	b = appendNumber(b, `,"total_tokens":`, tokens)
	return newReply(http.StatusOK, typeJSON, append(b, "}}"...))
}

// unitVector returns a point of the unit sphere, evenly spread over hashes.
func unitVector(hash uint64, size int) []float32 {
	source := rand.New(rand.NewPCG(hash, uint64(size)))
	wide := make([]float64, size)
	sum := 0.0
	for i := range wide {
		wide[i] = source.NormFloat64()
		sum += wide[i] * wide[i]
	}
	norm := math.Sqrt(sum)
	vector := make([]float32, size)
	for i, v := range wide {
		vector[i] = float32(v / norm)
	}
	return vector
}

func appendFloats(b []byte, vector []float32) []byte {
	for i, v := range vector {
		if i == 0 {
			b = append(b, '[')
		} else {
			b = append(b, ',')
		}
		b = strconv.AppendFloat(b, float64(v), 'g', -1, 32)
	}
	return append(b, ']')
}

// appendBase64 writes little-endian 32-bit floats.
func appendBase64(b []byte, vector []float32) []byte {
	raw := make([]byte, 0, 4*len(vector))
	for _, v := range vector {
		raw = binary.LittleEndian.AppendUint32(raw, math.Float32bits(v))
	}
	b = append(b, '"')
	b = base64.StdEncoding.AppendEncode(b, raw)
	return append(b, '"')
}
