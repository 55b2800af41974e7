package main

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"bifrost/config"
	"bifrost/providers"
)

// printBanner says where the gateway listens, what it serves, and how to try it.
func printBanner(out io.Writer, base, adminURL string, file *config.File) {
	var b strings.Builder
	fmt.Fprintf(&b, "bifrost is listening on %s\n%s\nproviders:\n", base, operatorsLine(adminURL, file.Admin))
	for _, p := range file.Providers {
		size := p.Config.ConcurrencyAndBufferSize
		fmt.Fprintf(&b, "  %s (%s): concurrency %d, buffer %d, %s\n",
			p.Name, p.Config.Type, size.Concurrency, size.BufferSize, mode(file, p))
	}
	for _, name := range slices.Sorted(maps.Keys(file.Remote)) {
		fmt.Fprintf(&b, "  %s: at %s\n", name, where(file.Remote[name].Nodes))
	}
	model, known := firstModel(file.Providers)
	if len(file.Providers) == 0 {
		model = slices.Sorted(maps.Keys(file.Remote))[0] + "/MODEL"
	}
	b.WriteString("\ntry it:\n")
	if !known {
		b.WriteString("  # put the name of one of the provider's models for MODEL\n")
	}
	key := keyArgument(&b, file.Clients)
	fmt.Fprintf(&b, "  %s%s\n\n", curlLine(base, model), key)
	_, _ = io.WriteString(out, b.String()) // a closed output must not stop the gateway
}

// keyArgument is what curl needs where clients show a key, which b is told of; empty
// where they need none.
func keyArgument(b *strings.Builder, clients []config.Client) string {
	if len(clients) == 0 {
		return ""
	}
	b.WriteString("  # with the key of a client in BIFROST_KEY\n")
	return ` -H "Authorization: Bearer $BIFROST_KEY"`
}

// operatorsLine says where operators look.
func operatorsLine(url string, a config.Admin) string {
	switch {
	case url == "":
		return ""
	case a.UI:
		return "its dashboard is at " + url + "/ui/\n"
	}
	return "its admin API is at " + url + "\n"
}

func where(nodes []string) string {
	if slices.Equal(nodes, []string{config.AnyNode}) {
		return "any node that has it"
	}
	return strings.Join(nodes, ", ")
}

func mode(file *config.File, p config.Provider) string {
	drop := file.Bifrost.DropExcessRequests
	if own := p.Config.DropExcessRequests; own != nil {
		drop = *own
	}
	if drop {
		return "drops requests when full"
	}
	return "lets requests wait when full"
}

// curlLine is a chat that works as it is typed into a shell.
func curlLine(base, model string) string {
	name, err := json.Marshal(model)
	if err != nil { // a string
		panic("bug: " + err.Error())
	}
	body := `{"model":` + string(name) + `,"messages":[{"role":"user","content":"Hello"}]}`
	return fmt.Sprintf("curl %s -H %s -d %s",
		quote(base+"/v1/chat/completions"), quote("Content-Type: application/json"), quote(body))
}

// quote protects text from a POSIX shell where it needs that.
func quote(text string) string {
	plain := func(r rune) bool {
		return 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9' || strings.ContainsRune("-_./:", r)
	}
	if text != "" && strings.IndexFunc(text, func(r rune) bool { return !plain(r) }) < 0 {
		return text
	}
	return "'" + strings.ReplaceAll(text, "'", `'\''`) + "'"
}

// firstModel returns the first provider's first model that is known without
// asking anybody, in the order of the providers' names, and whether there is one.
func firstModel(all []config.Provider) (model string, known bool) {
	for _, p := range all {
		for _, m := range knownModels(p) {
			if !strings.Contains(m, "embed") { // it could not chat
				return p.Name + "/" + m, true
			}
		}
	}
	if len(all) == 0 {
		return "MODEL", false
	}
	return all[0].Name + "/MODEL", false
}

func knownModels(p config.Provider) []string {
	if p.Config.Type == providers.TypeSimulated {
		if s := p.Config.Simulation; s != nil && len(s.Models) > 0 {
			return s.Models
		}
		return []string{"sim-small"} // any name is answered
	}
	var models []string
	for _, k := range p.Keys {
		models = append(models, k.Models...)
	}
	return models
}
