package config

import (
	"strconv"
	"strings"

	"bifrost/schemas"
)

func fallbackKinds() shape { return listOf(oneOf(kindNames(schemas.FallbackKinds())...), 0, "") }

func kindNames(kinds []schemas.ErrorKind) []string {
	names := make([]string, len(kinds))
	for i, k := range kinds {
		names[i] = string(k)
	}
	return names
}

// quotedList writes texts as a file has them.
func quotedList(texts []string) string {
	quoted := make([]string, len(texts))
	for i, t := range texts {
		quoted[i] = strconv.Quote(t)
	}
	return "[" + strings.Join(quoted, ", ") + "]"
}

func readFallbacks(r *reader, v value, into *Provider) {
	r.texts(v, `"anthropic/claude-sonnet-4-5"`, func(text string) error {
		into.Config.Fallbacks = append(into.Config.Fallbacks, text)
		return schemas.CheckFallback(text)
	})
}

// checkFallbacks sees that the fallbacks are models of providers that there are.
func checkFallbacks(r *reader, root value, into *File) {
	providers, ok := root.member("providers")
	if !ok || providers.kind != kindTable {
		return
	}
	for _, m := range providers.members {
		if list, ok := (value{m.node, providers.at.key(m.name)}).member("fallbacks"); ok {
			for i, e := range list.elements {
				checkProvider(r, value{e, list.at.item(i)}, into)
			}
		}
	}
}

func readFallbackOn(r *reader, v value, into *Provider) {
	r.texts(v, `"overloaded"`, func(text string) error {
		kind := schemas.ErrorKind(text)
		into.Config.FallbackOn = append(into.Config.FallbackOn, kind)
		return schemas.CheckFallbackKind(kind)
	})
}

// texts reads a list of different texts; an error of take continues a sentence that
// begins with the text's place.
func (r *reader) texts(v value, example string, take func(string) error) {
	if !r.want(v, kindList, "["+example+"]") {
		return
	}
	first := map[string]int{}
	for i, e := range v.elements {
		e := value{e, v.at.item(i)}
		if !r.want(e, kindText, example) {
			continue
		}
		if before, again := first[e.text]; again {
			r.fault(e.line, e.at, "%s", givenTwice(before))
			continue
		}
		first[e.text] = e.line
		if err := take(e.text); err != nil {
			r.fault(e.line, e.at, "%v", err)
		}
	}
}
