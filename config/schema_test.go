package config

import (
	"bytes"
	"encoding/json"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"pgregory.net/rapid"
)

func compiled(t testing.TB, types []Type) *jsonschema.Schema {
	t.Helper()
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(Schema(types)))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	if err := c.AddResource("bifrost.schema.json", doc); err != nil {
		t.Fatal(err)
	}
	s, err := c.Compile("bifrost.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// plainValue is the tree as a validator of JSON has it.
func plainValue(n *node) any {
	switch n.kind {
	case kindTable:
		table := map[string]any{}
		for _, m := range n.members {
			table[m.name] = plainValue(m.node)
		}
		return table
	case kindList:
		list := make([]any, len(n.elements))
		for i, e := range n.elements {
			list[i] = plainValue(e)
		}
		return list
	case kindWhole:
		return n.whole
	case kindFraction:
		return n.fraction
	case kindTruth:
		return n.truth
	case kindNull:
		return nil
	}
	return n.text
}

func tree(t testing.TB, text string, format Format) any {
	t.Helper()
	root, faults := decode([]byte(text), format)
	if len(faults) > 0 {
		t.Fatal(faults)
	}
	return plainValue(root)
}

func TestTheSchemaAcceptsTheReferenceAndTheSpecificationsExample(t *testing.T) {
	types := append([]Type{{Name: "azure"}, {Name: "bedrock"}, {Name: "vertex"}}, testTypes...)
	schema := compiled(t, types)
	for name, v := range map[string]any{
		"the reference as it is":           tree(t, readReference(t), TOML),
		"the reference with everything on": tree(t, everythingOn(readReference(t)), TOML),
		"the specification's example":      tree(t, string(readTestdata(t, "specification.json")), JSON),
		"a file that names its schema":     tree(t, `{"$schema": "./bifrost.schema.json", "providers": {"ollama": {}}}`, JSON),
	} {
		if err := schema.Validate(v); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestAFileMayNameItsSchemaInJSONOnly(t *testing.T) {
	if _, err := Parse("f", []byte(`{"$schema": "./s.json", "providers": {"a": {}}}`), JSON); err != nil {
		t.Error(err)
	}
	if _, err := Parse("f", []byte("\"$schema\" = \"./s.json\"\n[providers.a]\n"), TOML); err == nil {
		t.Error("it is accepted in TOML, where a comment says so")
	}
}

func TestTheSchemaAcceptsWhatTheReaderAccepts(t *testing.T) {
	schema := compiled(t, nil)
	rapid.Check(t, func(t *rapid.T) {
		text := drawFile(t)
		if _, err := Parse("f", []byte(text), TOML, WithLookupEnv(testEnv)); err != nil {
			t.Fatalf("%v\n%s", err, text)
		}
		root, _ := decode([]byte(text), TOML)
		if err := schema.Validate(plainValue(root)); err != nil {
			t.Fatalf("%v\n%s", err, text)
		}
	})
}

// structural finds faults of structure: of keys, types, bounds and names of values. The
// second one is what JSON Schema sees otherwise: 5.0 is a whole number there.
var (
	structural = regexp.MustCompile(`(?m): (is not a key here|must be .*, not (a |true|text|null)|must be at (least|most) \d|must be a share|` +
		`must be one of|must be a number above|needs a unit|is not a duration|must be "[a-z]+"|is not a known type;|must be the hash|` +
		`must have a name without|must be named|must be a number of US)`)
	fractional = regexp.MustCompile(`must be a whole number, .*, not a number with a fraction`)
)

func TestTheSchemaRefusesEveryBadFileWithAFaultOfStructure(t *testing.T) {
	paths, err := filepath.Glob("testdata/bad/*.txt")
	if err != nil {
		t.Fatal(err)
	}
	plain, typed, refused := compiled(t, nil), compiled(t, testTypes), 0
	for _, path := range paths {
		format, schema := TOML, plain
		if strings.HasSuffix(path, "json.txt") {
			format = JSON
		}
		if strings.HasPrefix(filepath.Base(path), "types") {
			schema = typed
		}
		for _, c := range badFiles(t, path) {
			root, faults := decode([]byte(c.text), format)
			if root == nil || len(faults) > 0 || !structural.MatchString(c.want) || fractional.MatchString(c.want) ||
				strings.Contains(c.want, "hash of a key") && strings.Contains(c.text, "env.") { // what a variable has, no schema sees
				continue
			}
			refused++
			if schema.Validate(plainValue(root)) == nil {
				t.Errorf("%s: %s is accepted:\n%s%s", path, c.name, c.text, c.want)
			}
		}
	}
	if refused < 100 {
		t.Errorf("only %d bad files were tried", refused)
	}
}

func TestEveryKeyOfTheSchemaSaysWhatItMeans(t *testing.T) {
	var walk func(at string, l layout)
	walk = func(at string, l layout) {
		for _, k := range l.keys {
			path := strings.TrimPrefix(at+"."+k.name, ".")
			if k.below != nil {
				walk(path, *k.below)
				continue
			}
			if k.shape.schema == nil || k.about.means == "" || (k.about.def == "") != k.about.required {
				t.Errorf("%s has no shape, no meaning, or no default though it is not required", path)
			}
			if description := plain(k.about.means); strings.Contains(description, "`") || strings.Contains(description, "](") {
				t.Errorf("%s has marks of the documents in %q", path, description)
			}
		}
	}
	walk("", fileSection.layout())
	if !json.Valid(Schema(nil)) {
		t.Error("the schema is not JSON")
	}
}
