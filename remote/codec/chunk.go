package codec

import (
	"bifrost/remote/bifrostv1"
	"bifrost/schemas"
)

// chunkBody is a chunk in JSON with what it hides.
type chunkBody struct {
	*schemas.ChatChunk
	Own hiddenStops `json:"bifrost,omitzero"`
}

// EncodeChunk returns a chunk of a stream in protobuf, as it stands in ResponsePart.chunks.
// Errors are *schemas.Error of kind internal.
func EncodeChunk(chunk *schemas.ChatChunk) ([]byte, error) {
	return EncodeChunkAs(chunk, bifrostv1.BodyForm_BODY_FORM_PROTO)
}

// EncodeChunkAs is EncodeChunk for an asker that takes a form, or JSON: as is the form of
// the request.
func EncodeChunkAs(chunk *schemas.ChatChunk, as bifrostv1.BodyForm) (out []byte, err error) {
	if ours(as) == bifrostv1.BodyForm_BODY_FORM_PROTO {
		out, err = marshalChunk(chunk)
	} else {
		out, err = writeChunk(chunk)
	}
	if err != nil {
		return nil, badAnswer(schemas.KindInternal, schemas.Served{Model: chunk.Model},
			"a chunk of the provider's stream cannot be written: %s; correct the provider", writeHint(err))
	}
	return out, nil
}

// DecodeChunk reads a chunk of ResponsePart.chunks, in either form. Errors are
// *schemas.Error of kind upstream.
func DecodeChunk(data []byte) (chunk *schemas.ChatChunk, err error) {
	if isJSON(data) {
		chunk, err = readChunk(data)
	} else {
		chunk, err = unmarshalChunk(data)
	}
	if err != nil {
		return nil, badAnswer(schemas.KindUpstream, schemas.Served{},
			"a chunk of the node's stream cannot be read: %s; compare the versions of the nodes", readHint(err))
	}
	return chunk, nil
}

// isJSON tells the forms of a chunk apart: in protobuf "{" would begin a group, and there
// are no groups.
func isJSON(data []byte) bool { return len(data) > 0 && data[0] == '{' }

func writeChunk(chunk *schemas.ChatChunk) ([]byte, error) {
	b := chunkBody{ChatChunk: chunk}
	for i := range chunk.Choices {
		b.Own.StopSequences.set(i, len(chunk.Choices), chunk.Choices[i].StopSequence)
	}
	return marshal(&b)
}

func readChunk(data []byte) (*schemas.ChatChunk, error) {
	b := chunkBody{ChatChunk: &schemas.ChatChunk{}}
	if err := readObject(data, &b); err != nil {
		return nil, err
	}
	for i := range b.Choices {
		b.Choices[i].StopSequence = b.Own.StopSequences.get(i)
	}
	return b.ChatChunk, nil
}
