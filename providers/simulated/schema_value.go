package simulated

import (
	"encoding/json"
	"math"
	"slices"
	"strings"
)

// Bounds of a value made from a schema, which may refer to itself.
const (
	maxValueNodes  = 1000
	maxValueDepth  = 64
	maxStringRunes = 4096
)

// sampleText is what strings are made of.
const sampleText = "simulated"

// sample returns JSON that fits the schema, a decoded JSON value.
func sample(schema any) string {
	m := sampler{root: schema, nodes: maxValueNodes}
	text, err := json.Marshal(m.value(schema, 0))
	if err != nil {
		return "null" // a number that JSON cannot hold
	}
	return string(text)
}

// sampleObject is sample for where only an object will do.
func sampleObject(schema any) string {
	if text := sample(schema); strings.HasPrefix(text, "{") {
		return text
	}
	return "{}"
}

// sampler makes one value. It gives up with null at its bounds.
type sampler struct {
	root  any
	nodes int // left
}

func (m *sampler) value(schema any, depth int) any {
	m.nodes--
	node, ok := schema.(map[string]any)
	if m.nodes < 0 || depth > maxValueDepth {
		return nil
	}
	if !ok {
		return sampleText // true, or nothing: anything goes
	}
	if v, ok := node["const"]; ok {
		return v
	}
	if list, ok := node["enum"].([]any); ok && len(list) > 0 {
		return list[0]
	}
	if sub, ok := m.indirect(node); ok {
		return m.value(sub, depth+1)
	}
	switch typeOf(node) {
	case "object":
		return m.object(node, depth)
	case "array":
		return m.array(node, depth)
	case "integer":
		return sampleNumber(node, true)
	case "number":
		return sampleNumber(node, false)
	case "boolean":
		return true
	case "null":
		return nil
	}
	return sampleString(node)
}

// indirect follows $ref and, where no type is given, the first alternative.
func (m *sampler) indirect(node map[string]any) (any, bool) {
	if ref, ok := node["$ref"].(string); ok {
		return m.resolve(ref), true
	}
	if _, typed := node["type"]; typed {
		return nil, false
	}
	for _, key := range []string{"anyOf", "oneOf", "allOf"} {
		if list, ok := node[key].([]any); ok && len(list) > 0 {
			return list[0], true
		}
	}
	return nil, false
}

func (m *sampler) resolve(ref string) any {
	at := m.root
	path, ok := strings.CutPrefix(ref, "#")
	if !ok {
		return nil
	}
	for step := range strings.SplitSeq(strings.TrimPrefix(path, "/"), "/") {
		if step == "" {
			continue
		}
		node, _ := at.(map[string]any)
		step = strings.ReplaceAll(strings.ReplaceAll(step, "~1", "/"), "~0", "~")
		at = node[step]
	}
	return at
}

func typeOf(node map[string]any) string {
	switch t := node["type"].(type) {
	case string:
		return t
	case []any:
		if len(t) > 0 {
			name, _ := t[0].(string)
			return name
		}
	}
	if _, ok := node["properties"]; ok {
		return "object"
	}
	if _, ok := node["items"]; ok {
		return "array"
	}
	return "string"
}

// object fills the required properties, or all if none is required.
func (m *sampler) object(node map[string]any, depth int) any {
	properties, _ := node["properties"].(map[string]any)
	var names []string
	if required, ok := node["required"].([]any); ok && len(required) > 0 {
		for _, r := range required {
			if name, ok := r.(string); ok {
				names = append(names, name)
			}
		}
	} else {
		for name := range properties {
			names = append(names, name)
		}
	}
	slices.Sort(names) // so that the bounds always strike the same ones
	object := make(map[string]any, len(names))
	for _, name := range names {
		if m.nodes <= 0 {
			break
		}
		object[name] = m.value(properties[name], depth+1)
	}
	return object
}

func (m *sampler) array(node map[string]any, depth int) any {
	size := 1
	if n, ok := node["maxItems"].(float64); ok && n < 1 {
		size = 0
	}
	if n, ok := node["minItems"].(float64); ok && n > 1 {
		size = int(min(n, maxValueNodes))
	}
	list := []any{}
	for len(list) < size && m.nodes > 0 {
		list = append(list, m.value(node["items"], depth+1))
	}
	return list
}

// sampleNumber returns 1, or the nearest number within the bounds.
func sampleNumber(node map[string]any, whole bool) any {
	low, high := numberBounds(node, whole)
	v := min(max(1, low), high)
	if step, ok := node["multipleOf"].(float64); ok && step > 0 {
		if v = math.Ceil(v/step) * step; v > high {
			v = math.Floor(high/step) * step
		}
	}
	return v
}

// numberBounds returns the inclusive bounds. An exclusive bound of a number
// that is not whole is moved inwards by one, or to the middle.
func numberBounds(node map[string]any, whole bool) (low, high float64) {
	low, high = math.Inf(-1), math.Inf(1)
	if v, ok := node["minimum"].(float64); ok {
		low = v
	}
	if v, ok := node["maximum"].(float64); ok {
		high = v
	}
	above, openLow := node["exclusiveMinimum"].(float64)
	below, openHigh := node["exclusiveMaximum"].(float64)
	openLow, openHigh = openLow && above >= low, openHigh && below <= high
	if whole {
		low, high = math.Ceil(low), math.Floor(high)
		if openLow {
			low = math.Floor(above) + 1
		}
		if openHigh {
			high = math.Ceil(below) - 1
		}
		return low, high
	}
	if openLow {
		low = above + min(1, (min(high, orInf(below, openHigh))-above)/2)
	}
	if openHigh {
		high = below - min(1, (below-low)/2)
	}
	return low, high
}

func orInf(v float64, ok bool) float64 {
	if ok {
		return v
	}
	return math.Inf(1)
}

// formats are strings of the well-known kinds.
var formats = map[string]string{
	"date-time": "2001-02-03T04:05:06Z", "date": "2001-02-03", "time": "04:05:06Z", "duration": "PT1S",
	"email": "simulated@example.com", "hostname": "example.com", "uri": "https://example.com/",
	"ipv4": "192.0.2.1", "ipv6": "2001:db8::1", "uuid": "00000000-0000-4000-8000-000000000000",
}

func sampleString(node map[string]any) string {
	if name, ok := node["format"].(string); ok && formats[name] != "" {
		return formats[name]
	}
	text := sampleText
	if n, ok := node["minLength"].(float64); ok && n > float64(len(text)) {
		size := int(min(n, maxStringRunes))
		text = strings.Repeat(text, size/len(text)+1)[:size]
	}
	if n, ok := node["maxLength"].(float64); ok && n < float64(len(text)) {
		text = text[:int(max(n, 0))]
	}
	return text
}
