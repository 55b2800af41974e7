package config

import (
	"math"
	"slices"
	"strings"

	"bifrost/schemas"
)

var targetSection = section[schemas.AliasTarget]{check: checkTarget, fields: []field[schemas.AliasTarget]{
	custom("model", ofText(), readTarget).
		required("the model that the name may stand for", "\"provider/model\", of a provider in the file"),
	positive("weight", orDefaultOf("1.0"), func(t *schemas.AliasTarget) *float64 { return &t.Weight }).
		doc("1.0", "how often it is chosen, relative to the others"),
}}

func readTarget(r *reader, v value, into *schemas.AliasTarget) {
	if !r.want(v, kindText, `"openai/gpt-4o-mini"`) {
		return
	}
	into.Model = v.text
	if err := schemas.CheckFallback(v.text); err != nil {
		r.fault(v.line, v.at, "%v", err)
	}
}

func checkTarget(r *reader, table value, has given, into *schemas.AliasTarget) {
	if _, ok := has["model"]; !ok {
		r.fault(table.line, table.at.key("model"), `is missing; write "provider/model"`)
	}
	if into.Weight == 0 || math.IsNaN(into.Weight) {
		into.Weight = 1
	}
}

var aliasSection = section[schemas.Alias]{check: checkAlias, fields: []field[schemas.Alias]{
	custom("spread", oneOf(string(schemas.SpreadWeight), string(schemas.SpreadFree)), readSpread).
		doc("`\"weight\"`", "how a target is chosen: by chance, or the provider with the most free places (idle workers and free places of its queue), equal ones by weight"),
	{name: "targets", read: readTargets, below: targetSection.list, about: about{required: true}},
}}

func readSpread(r *reader, v value, into *schemas.Alias) {
	switch {
	case !r.want(v, kindText, `"weight"`):
	case v.text != string(schemas.SpreadWeight) && v.text != string(schemas.SpreadFree):
		r.fault(v.line, v.at, `must be "weight" or "free"; leave it out for "weight"`)
	default:
		into.Spread = schemas.Spread(v.text)
	}
}

func checkAlias(r *reader, table value, has given, into *schemas.Alias) {
	if _, ok := has["targets"]; !ok {
		r.fault(table.line, table.at.key("targets"), `is missing; name at least one model, such as [{ model = "openai/gpt-4o-mini" }]`)
	}
	if into.Spread == "" {
		into.Spread = schemas.SpreadWeight
	}
}

func readTargets(r *reader, v value, into *schemas.Alias) {
	const example = `[{ model = "openai/gpt-4o-mini" }]`
	if !r.want(v, kindList, example) {
		return
	}
	if len(v.elements) == 0 {
		r.fault(v.line, v.at, "is empty; name at least one model, such as %s", example)
	}
	for i, e := range v.elements {
		var t schemas.AliasTarget
		targetSection.read(r, value{e, v.at.item(i)}, &t)
		into.Targets = append(into.Targets, t)
	}
}

// readModels reads the table of aliases, each under its own name.
func readModels(r *reader, v value, into *File) {
	if !r.want(v, kindTable, "") {
		return
	}
	into.Bifrost.Models = make(map[string]schemas.Alias, len(v.members))
	for _, m := range v.members {
		var a schemas.Alias
		child := value{m.node, v.at.key(m.name)}
		if err := schemas.CheckAliasName(m.name); err != nil {
			r.fault(child.line, child.at, "%v", err)
		}
		aliasSection.read(r, child, &a)
		into.Bifrost.Models[m.name] = a
	}
}

// checkTargets sees that the aliases stand for models of providers that there are.
func checkTargets(r *reader, root value, into *File) {
	models, ok := root.member("models")
	if !ok || models.kind != kindTable {
		return
	}
	for _, m := range models.members {
		targets, ok := value{m.node, models.at.key(m.name)}.member("targets")
		if !ok {
			continue
		}
		for i, e := range targets.elements {
			if model, ok := (value{e, targets.at.item(i)}).member("model"); ok {
				checkProvider(r, model, into)
			}
		}
	}
}

// checkProvider sees that "provider/model" names a provider of the file.
func checkProvider(r *reader, model value, into *File) {
	if model.kind == kindText && schemas.CheckFallback(model.text) == nil && !into.hasProvider(model.text) {
		r.fault(model.line, model.at, "names a provider that is not in this file; add it under providers, or correct the name")
	}
}

func (f *File) hasProvider(model string) bool {
	name, _, _ := strings.Cut(model, "/")
	_, remote := f.Remote[name]
	return remote || slices.ContainsFunc(f.Providers, func(p Provider) bool { return p.Name == name })
}
