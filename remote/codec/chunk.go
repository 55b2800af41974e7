package codec

import "bifrost/schemas"

// chunkBody is a chunk with what it hides.
type chunkBody struct {
	*schemas.ChatChunk
	Own hiddenStops `json:"bifrost,omitzero"`
}

// EncodeChunk returns a chunk of a stream, as it stands in Part.Chunks. Errors are
// *schemas.Error of kind internal.
func EncodeChunk(chunk *schemas.ChatChunk) ([]byte, error) {
	b := chunkBody{ChatChunk: chunk}
	for i := range chunk.Choices {
		b.Own.StopSequences.set(i, len(chunk.Choices), chunk.Choices[i].StopSequence)
	}
	out, err := marshal(&b)
	if err != nil {
		return nil, badAnswer(schemas.KindInternal, schemas.Served{Model: chunk.Model},
			"a chunk of the provider's stream cannot be written as JSON: %s; correct the provider", writeHint(err))
	}
	return out, nil
}

// DecodeChunk reads a chunk of Part.Chunks. Errors are *schemas.Error of kind upstream.
func DecodeChunk(data []byte) (*schemas.ChatChunk, error) {
	b := chunkBody{ChatChunk: &schemas.ChatChunk{}}
	if err := readObject(data, &b); err != nil {
		return nil, badAnswer(schemas.KindUpstream, schemas.Served{},
			"a chunk of the node's stream cannot be read: %s; compare the versions of the nodes", readHint(err))
	}
	for i := range b.Choices {
		b.Choices[i].StopSequence = b.Own.StopSequences.get(i)
	}
	return b.ChatChunk, nil
}
