package config

import (
	"cmp"
	"slices"
	"strings"
)

// checkType looks at what depends on a provider's type, when the known types were
// given: whether it is one of them, whether it has the key that it needs, and
// whether it has what it does not know.
func checkType(r *reader, table value, has given, into *Provider) {
	_, named := has["type"]
	if r.types == nil || named && into.Config.Type == "" { // it has a fault of its own
		return
	}
	name := cmp.Or(into.Config.Type, into.Name)
	i := slices.IndexFunc(r.types, func(t Type) bool { return t.Name == name })
	if i < 0 {
		r.unknownType(table, has, name)
		return
	}
	t := r.types[i]
	if t.NeedsKey {
		r.needKey(table, has, t)
	}
	url, ok := has["network_config"].member("base_url")
	if t.OwnURL != "" && !ok {
		r.fault(table.line, table.at.key("network_config").key("base_url"),
			"is missing, and each account of type %s has its own; set it, as in %q", t.Name, t.OwnURL)
	}
	if ok && t.Simulated {
		r.fault(url.line, url.at, "has no effect on type %s, which answers in this process; "+
			"remove it, or make the type openai for a server of OpenAI's API", t.Name)
	}
	r.checkClouds(has, t)
	if s, ok := has["simulation"]; ok && !t.Simulated {
		r.fault(s.line, s.at, "is for a simulated provider, and the type of this one is %s; remove it, or make the type %s",
			t.Name, cmp.Or(r.simulated(), "a simulated one"))
	}
}

// needKey makes a fault when a provider has neither a key nor an address of its
// own. What is there and has a fault counts as given.
func (r *reader) needKey(table value, has given, t Type) {
	if _, ok := has["network_config"].member("base_url"); ok {
		return
	}
	keys, ok := has["keys"]
	if ok && (keys.kind != kindList || len(keys.elements) > 0) {
		return
	}
	line, at, state := table.line, table.at.key("keys"), "is missing"
	if ok {
		line, state = keys.line, "is empty"
	}
	variable := strings.ToUpper(t.Name) + "_API_KEY"
	example := "[[" + string(at) + `]] with value = "env.` + variable + `"`
	if r.format == JSON {
		example = `"keys": [{"value": "env.` + variable + `"}]`
	}
	r.fault(line, at, "%s, and type %s needs a key; add %s, or network_config.base_url for a server of your own", state, t.Name, example)
}

func (r *reader) unknownType(table value, has given, name string) {
	var known []string
	for _, t := range r.types {
		known = append(known, t.Name)
	}
	guess := ""
	if s := nearest(name, known); s != "" {
		guess = "did you mean " + s + "? "
	}
	all := strings.Join(known, ", ")
	if v, ok := has["type"]; ok {
		r.fault(v.line, v.at, "is not a known type; %swrite one of %s", guess, all)
		return
	}
	r.fault(table.line, table.at, "is not the name of a known type; %sadd type, one of %s", guess, all)
}

func (r *reader) knowsType(name string) bool {
	return slices.ContainsFunc(r.types, func(t Type) bool { return t.Name == name })
}

// simulated returns the name of the simulated type, or "".
func (r *reader) simulated() string {
	for _, t := range r.types {
		if t.Simulated {
			return t.Name
		}
	}
	return ""
}
