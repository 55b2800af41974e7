package config

import (
	"encoding/json"
	"maps"
	"regexp"
	"slices"
	"strings"
)

// schemaDraft is the one that editors of TOML know.
const schemaDraft = "http://json-schema.org/draft-07/schema#"

// Schema returns a JSON Schema of the file's structure, for editors: keys, types, bounds,
// defaults and what each means. A file that Parse accepts is valid by it; what
// concerns values together, such as names that have to be there, only Parse finds. Types,
// as for WithTypes, are what a provider may be; none: anything.
func Schema(types []Type) []byte {
	schema := fileSection.layout().schema()
	schema["$schema"] = schemaDraft
	schema["title"] = "bifrost.toml"
	schema["description"] = "The configuration of Bifrost, as TOML or JSON."
	schema["required"] = []string{"providers"}
	properties := schema["properties"].(object)
	properties["$schema"] = object{"type": "string", "description": "the address of this schema, in a file that is JSON"}
	providers := properties["providers"].(object)
	providers["minProperties"] = 1
	if len(types) > 0 {
		var names []string
		for _, t := range types {
			names = append(names, t.Name)
		}
		provider := providers["additionalProperties"].(object)["properties"].(object)
		provider["type"].(object)["enum"] = slices.Sorted(slices.Values(names))
	}
	text, err := json.MarshalIndent(schema, "", "  ")
	if err != nil { // maps of plain values
		panic("bug: " + err.Error())
	}
	return append(text, '\n')
}

// schema returns the schema of the tables.
func (l layout) schema() object {
	properties, dependencies := object{}, object{}
	var required []string
	for _, k := range l.keys {
		properties[k.name] = k.schema()
		if k.about.required {
			required = append(required, k.name)
		}
		if len(k.about.needs) > 0 {
			dependencies[k.name] = k.about.needs
		}
	}
	table := object{"type": "object", "additionalProperties": false, "properties": properties}
	if len(required) > 0 {
		table["required"] = required
	}
	if len(dependencies) > 0 {
		table["dependencies"] = dependencies
	}
	if len(l.also) > 0 {
		table["allOf"] = l.also
	}
	switch l.form {
	case listed:
		return object{"type": "array", "items": table}
	case named:
		return object{"type": "object", "additionalProperties": table, "propertyNames": object{"pattern": l.names}}
	}
	return table
}

func (k outline) schema() object {
	if k.below != nil {
		s := k.below.schema()
		if k.below.form == listed && k.about.required {
			s["minItems"] = 1
		}
		return s
	}
	s := maps.Clone(k.shape.schema)
	s["description"] = plain(k.about.means)
	if def, ok := literal(k.about.def); ok {
		s["default"] = def
	}
	return s
}

// literal returns the default that a file could have, if there is one.
func literal(def string) (any, bool) {
	var v any
	err := json.Unmarshal([]byte(strings.Trim(def, "`")), &v)
	return v, err == nil && !strings.Contains(strings.Trim(def, "`"), "`")
}

var link = regexp.MustCompile(`(?:, see |; see |, )?\[([^\]]*)\]\([^)]*\)`)

// plain returns text of the documents without links and code marks.
func plain(text string) string {
	return strings.ReplaceAll(link.ReplaceAllStringFunc(text, func(l string) string {
		if strings.Contains(l, "see ") {
			return ""
		}
		return link.ReplaceAllString(l, "$1")
	}), "`", "")
}
