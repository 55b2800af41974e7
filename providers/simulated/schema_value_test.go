package simulated

import (
	"encoding/json"
	"testing"
)

func decodeSchema(t testing.TB, text string) any {
	t.Helper()
	var v any
	if err := json.Unmarshal([]byte(text), &v); err != nil {
		t.Fatal(err)
	}
	return v
}

func TestSampleFitsTheSchema(t *testing.T) {
	cases := map[string]string{
		`{"type":"string"}`:                                     `"simulated"`,
		`{"type":"string","minLength":12}`:                      `"simulatedsim"`,
		`{"type":"string","maxLength":3}`:                       `"sim"`,
		`{"type":"string","format":"date"}`:                     `"2001-02-03"`,
		`{"type":["string","null"]}`:                            `"simulated"`,
		`{"type":"integer"}`:                                    `1`,
		`{"type":"integer","minimum":2.5}`:                      `3`,
		`{"type":"integer","exclusiveMinimum":4}`:               `5`,
		`{"type":"integer","maximum":-2.5}`:                     `-3`,
		`{"type":"integer","exclusiveMaximum":-2}`:              `-3`,
		`{"type":"integer","exclusiveMaximum":true}`:            `1`,
		`{"type":"integer","minimum":4,"multipleOf":5}`:         `5`,
		`{"type":"integer","maximum":-4,"multipleOf":5}`:        `-5`,
		`{"type":"number","exclusiveMinimum":1}`:                `2`,
		`{"type":"number","minimum":0,"exclusiveMaximum":0.5}`:  `0.25`,
		`{"type":"number","exclusiveMinimum":0,"maximum":0.5}`:  `0.5`,
		`{"type":"number","exclusiveMinimum":2,"minimum":3}`:    `3`,
		`{"type":"boolean"}`:                                    `true`,
		`{"type":"null"}`:                                       `null`,
		`{"enum":["b","a"]}`:                                    `"b"`,
		`{"const":{"k":1}}`:                                     `{"k":1}`,
		`{"type":"array","items":{"type":"integer"}}`:           `[1]`,
		`{"type":"array","minItems":3,"items":true}`:            `["simulated","simulated","simulated"]`,
		`{"type":"array","maxItems":0,"items":{}}`:              `[]`,
		`{"anyOf":[{"type":"integer"},{"type":"null"}]}`:        `1`,
		`{"type":"object"}`:                                     `{}`,
		`{"properties":{"b":{"type":"null"},"a":{"const":1}}}`:  `{"a":1,"b":null}`,
		`{"properties":{"b":{},"a":{}},"required":["b"]}`:       `{"b":"simulated"}`,
		`{"$ref":"#/$defs/a~1b","$defs":{"a/b":{"const":7}}}`:   `7`,
		`{"$ref":"elsewhere"}`:                                  `"simulated"`,
		`{"type":"object","anyOf":[{"required":["a"]}]}`:        `{}`,
		`{"type":"number","multipleOf":1e-320,"minimum":1e300}`: `null`,
	}
	for schema, want := range cases {
		if got := sample(decodeSchema(t, schema)); got != want {
			t.Errorf("%s: %s, want %s", schema, got, want)
		}
	}
}

func TestSampleOfAnEndlessSchemaIsBounded(t *testing.T) {
	for _, schema := range []string{
		`{"$ref":"#"}`,
		`{"properties":{"a":{"$ref":"#"},"b":{"$ref":"#"}},"required":["a","b"]}`,
		`{"type":"array","minItems":1e300,"items":{"$ref":"#"}}`,
		`{"type":"string","minLength":1e300}`,
	} {
		if text := sample(decodeSchema(t, schema)); len(text) > 100_000 || !json.Valid([]byte(text)) {
			t.Errorf("%s: %d bytes", schema, len(text))
		}
	}
}

func TestSampleObjectIsAnObjectWhateverTheSchema(t *testing.T) {
	for _, schema := range []string{`null`, `5`, `true`, `{"type":"string"}`, `{"enum":[[1]]}`} {
		if got := sampleObject(decodeSchema(t, schema)); got != "{}" {
			t.Errorf("%s: %s", schema, got)
		}
	}
}

func FuzzSample(f *testing.F) {
	f.Add(`{"type":"object","properties":{"a":{"type":"array","items":{"$ref":"#"},"minItems":3}}}`)
	f.Add(`{"type":"number","exclusiveMinimum":1e308,"maximum":1.7e308,"multipleOf":3}`)
	f.Fuzz(func(t *testing.T, schema string) {
		var v any
		if json.Unmarshal([]byte(schema), &v) != nil {
			return
		}
		text := sample(v)
		if !json.Valid([]byte(text)) || text != sample(v) {
			t.Errorf("%q: %q", schema, text)
		}
	})
}

func FuzzPassageKeepsItsText(f *testing.F) {
	f.Add("some text, ünï 😀", "x", 3)
	f.Add("0000000\x90", "1", 16) // not UTF-8
	f.Fuzz(func(t *testing.T, text, stop string, limit int) {
		p := pieces(text)
		short, cut := p.first(limit)
		short, stopped := short.before([]string{stop, ""})
		joined := ""
		for i := range short.tokens() {
			if short.token(i) == "" {
				t.Errorf("token %d is empty", i)
			}
			joined += short.token(i)
		}
		if joined != short.text || len(short.text) > len(text) || short.text != text[:len(short.text)] {
			t.Errorf("%q from %q", short.text, text)
		}
		if !cut && stopped == "" && joined != text {
			t.Errorf("lost text: %q of %q", joined, text)
		}
	})
}
