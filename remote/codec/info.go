package codec

import (
	"errors"

	"bifrost/schemas"
)

// info is schemas.ProviderInfo, which has no names of its own, in JSON. The fields must be
// the same, or it does not compile.
type info struct {
	Type        string              `json:"type,omitempty"`
	Dialect     schemas.Dialect     `json:"dialect,omitempty"`
	Operations  []schemas.Operation `json:"operations,omitzero"`
	KeyOptional bool                `json:"key_optional,omitempty"`

	ModelDialects []schemas.ModelDialect `json:"-"` // infoBody has them

	ResponsesOnly []string `json:"responses_only,omitzero"`
	Models        []string `json:"models,omitzero"`
	Configured    []string `json:"configured,omitzero"`
}

// modelDialect is schemas.ModelDialect in JSON.
type modelDialect struct {
	Prefix  string          `json:"prefix"`
	Dialect schemas.Dialect `json:"dialect"`
}

type infoBody struct {
	info
	ModelDialects []modelDialect `json:"model_dialects,omitzero"`
}

// EncodeInfo returns what a provider can do, as it stands in Provider.Info. An error is
// impossible in this version.
func EncodeInfo(i schemas.ProviderInfo) ([]byte, error) {
	b := infoBody{info: info(i)}
	if i.ModelDialects != nil {
		b.ModelDialects = make([]modelDialect, len(i.ModelDialects))
	}
	for at, d := range i.ModelDialects {
		b.ModelDialects[at] = modelDialect(d)
	}
	return marshal(&b)
}

// DecodeInfo reads what EncodeInfo has written. Members that it does not know are left
// alone. The error says where data cannot be read.
func DecodeInfo(data []byte) (schemas.ProviderInfo, error) {
	var b infoBody
	if err := readObject(data, &b); err != nil {
		return schemas.ProviderInfo{}, errors.New("a provider's description cannot be read: " + readHint(err) + "; compare the versions of the nodes")
	}
	out := schemas.ProviderInfo(b.info)
	if b.ModelDialects != nil {
		out.ModelDialects = make([]schemas.ModelDialect, len(b.ModelDialects))
	}
	for at, d := range b.ModelDialects {
		out.ModelDialects[at] = schemas.ModelDialect(d)
	}
	return out, nil
}
