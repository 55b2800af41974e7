package config

import (
	"fmt"
	"strings"

	"bifrost/schemas"
)

var keySection = section[schemas.Key]{check: checkKey, fields: []field[schemas.Key]{
	custom("name", ofText(), readKeyName).
		doc("`\"key-1\"`, `\"key-2\"` … by place", "how statistics and errors call it", "different for each key of a provider"),
	custom("value", ofReference(), readKeyValue).
		required("the key itself", "not empty; no white space at its ends, no control characters"),
	names("models", `"gpt-4o-mini"`, func(k *schemas.Key) *[]string { return &k.Models }).
		doc("all models", "the models that it may be used for"),
	positive("weight", orDefaultOf("1.0"), func(k *schemas.Key) *float64 { return &k.Weight }).
		doc("1.0", "its share of the traffic relative to the other keys"),
	whole("concurrency", aSize("attempts", "leave it out for no limit of the key's own"), func(k *schemas.Key) *int { return &k.Concurrency }).
		doc("no limit of its own", "the most that use the key at once; see [Keys](#keys)"),
	custom("scope", oneOf(string(schemas.ScopeNode), string(schemas.ScopeCluster)), readKeyScope).
		doc("`\"node\"`", "who shares `concurrency`: each process has the whole of it, or all nodes together have it",
			"`\"node\"` or `\"cluster\"`; the latter only where `[node]` names or finds other nodes; not without `concurrency`").needs("concurrency"),
}}

func readKeyScope(r *reader, v value, into *schemas.Key) {
	switch {
	case !r.want(v, kindText, `"cluster"`):
	case v.text != string(schemas.ScopeNode) && v.text != string(schemas.ScopeCluster):
		r.fault(v.line, v.at, `must be "node" or "cluster"; leave it out for "node"`)
	default:
		into.Scope = schemas.KeyScope(v.text)
		if into.Scope == schemas.ScopeCluster {
			r.nodes.shared = append(r.nodes.shared, v)
		}
	}
}

func readKeyName(r *reader, v value, into *schemas.Key) {
	switch {
	case !r.want(v, kindText, `"team-a"`):
	case strings.TrimSpace(v.text) == "":
		r.fault(v.line, v.at, `must not be empty; leave it out for "key-1", "key-2" and so on`)
	case strings.TrimSpace(v.text) != v.text || strings.IndexFunc(v.text, isControl) >= 0:
		r.fault(v.line, v.at, `has white space at an end, or a control character; write a plain name such as "team-a"`)
	default:
		into.Name = v.text
	}
}

func readKeyValue(r *reader, v value, into *schemas.Key) {
	text, ok := r.reference(v, `"env.OPENAI_API_KEY"`)
	switch {
	case !ok:
	case text == "":
		r.fault(v.line, v.at, `must not be empty; write the key, or "env.NAME" for an environment variable`)
	case !fitsHeader(text):
		r.fault(v.line, v.at, "has white space at an end, or a control character, in the key; remove it")
	default:
		into.Value = text
	}
}

func checkKey(r *reader, table value, has given, into *schemas.Key) {
	if _, ok := has["value"]; !ok {
		r.fault(table.line, table.at.key("value"), `is missing; write the key, or "env.NAME" for an environment variable`)
	}
	if into.Weight == 0 {
		into.Weight = 1
	}
	_, limited := has["concurrency"]
	if scope, ok := has["scope"]; ok && !limited {
		r.fault(scope.line, scope.at, "is of concurrency, which the key does not have; add it, such as concurrency = 20, or remove scope")
	}
	if limited && into.Scope == "" {
		into.Scope = schemas.ScopeNode
	}
}

// readKeys reads the list of keys. Keys without a name are called key-1, key-2
// and so on by their place; no two may have the same name.
func readKeys(r *reader, v value, into *Provider) {
	example := "[[providers.NAME.keys]]"
	if r.format == JSON {
		example = `[{"value": "env.OPENAI_API_KEY"}]`
	}
	if !r.want(v, kindList, example) {
		return
	}
	first := map[string]int{}
	for i, e := range v.elements {
		var k schemas.Key
		e := value{e, v.at.item(i)}
		keySection.read(r, e, &k)
		line := e.line
		if k.Name == "" {
			k.Name = fmt.Sprintf("key-%d", i+1)
		} else {
			named, _ := e.member("name")
			line = named.line
		}
		if before, ok := first[k.Name]; ok {
			r.fault(line, e.at.key("name"), "is the same as that of the key on line %d; give each key its own name", before)
		} else {
			first[k.Name] = line
		}
		into.Keys = append(into.Keys, k)
	}
}
