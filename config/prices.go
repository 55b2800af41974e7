package config

import (
	"math"

	"bifrost/schemas"
)

var priceSection = section[Price]{check: checkPrice, fields: []field[Price]{
	price("input", func(p *Price) *float64 { return &p.Input }).
		required("a million tokens of requests"),
	price("cached_input", func(p *Price) *float64 { return &p.CachedInput }).
		doc("as `input`", "a million tokens of requests that the provider had in its cache"),
	price("output", func(p *Price) *float64 { return &p.Output }).
		required("a million tokens of answers"),
}}

// price is a field that is a number of US dollars.
func price(name string, target func(*Price) *float64) field[Price] {
	return field[Price]{name: name, shape: ofPrice(), read: func(r *reader, v value, into *Price) {
		n, ok := r.fraction(v)
		if ok && (!(n >= 0) || math.IsInf(n, 1)) {
			r.fault(v.line, v.at, "must be a number of US dollars for a million tokens, from 0 up, such as 0.15")
		} else if ok {
			*target(into) = n
		}
	}}
}

func checkPrice(r *reader, table value, has given, into *Price) {
	for _, f := range []string{"input", "output"} {
		if _, ok := has[f]; !ok {
			r.fault(table.line, table.at.key(f), "is missing; write US dollars for a million tokens, such as 0.15, or 0 for none")
		}
	}
	if _, ok := has["cached_input"]; !ok {
		into.CachedInput = into.Input
	}
}

// readPrices reads the table of prices, each under "provider/model".
func readPrices(r *reader, v value, into *File) {
	if !r.want(v, kindTable, "") {
		return
	}
	into.Prices = make(map[string]Price, len(v.members))
	for _, m := range v.members {
		var p Price
		child := value{m.node, v.at.key(m.name)}
		if schemas.CheckFallback(m.name) != nil {
			r.fault(child.line, child.at, `must be named "provider/model", in quotes, such as "openai/gpt-4o-mini"`)
			continue
		}
		priceSection.read(r, child, &p)
		into.Prices[m.name] = p
	}
}

// checkPrices sees that prices are of providers that there are.
func checkPrices(r *reader, root value, into *File) {
	prices, ok := root.member("prices")
	if !ok || prices.kind != kindTable {
		return
	}
	for _, m := range prices.members {
		if schemas.CheckFallback(m.name) == nil && !into.hasProvider(m.name) {
			r.fault(m.node.line, prices.at.key(m.name), "names a provider that is not in this file; add it under providers, or correct the name")
		}
	}
}
