package main

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"bifrost/config"
)

// printSummary says in short what a file would run.
func printSummary(out io.Writer, file *config.File) error {
	var b strings.Builder
	fmt.Fprintf(&b, "ok: %s, digest %s\n\n", file.Path, file.Digest())
	fmt.Fprintf(&b, "gateway: %s, %s\n", file.Server.Listen, whoMayUse(file))
	fmt.Fprintf(&b, "admin:   %s\n", whereAdminIs(file.Admin))
	if n := file.Node; n != nil {
		fmt.Fprintf(&b, "node:    %s\n", n.Listen)
	}
	b.WriteString("\nproviders:\n")
	for _, p := range file.Providers {
		size := p.Config.ConcurrencyAndBufferSize
		fmt.Fprintf(&b, "  %s (%s): %s, concurrency %d, buffer %d, %s\n",
			p.Name, p.Config.Type, counted(len(p.Keys), "key"), size.Concurrency, size.BufferSize, mode(file, p))
	}
	for _, name := range slices.Sorted(maps.Keys(file.Remote)) {
		fmt.Fprintf(&b, "  %s: at %s\n", name, where(file.Remote[name].Nodes))
	}
	if len(file.Bifrost.Models) > 0 {
		fmt.Fprintf(&b, "\nmodels: %s\n", strings.Join(slices.Sorted(maps.Keys(file.Bifrost.Models)), ", "))
	}
	_, err := io.WriteString(out, b.String())
	return err
}

func whoMayUse(file *config.File) string {
	who := "for whoever reaches it"
	var names []string
	for _, c := range file.Clients {
		names = append(names, c.Name)
	}
	switch tls := file.Server.TLS; {
	case len(names) > 0:
		who = "for " + strings.Join(names, ", ")
	case tls != nil && tls.ClientCAFile != "":
		who = "for whoever has a certificate"
	}
	if file.Server.TLS != nil {
		return "TLS, " + who
	}
	return who
}

func whereAdminIs(a config.Admin) string {
	switch {
	case a.Listen == config.Off:
		return "off"
	case a.Token != "":
		return a.Listen + ", with a token"
	case a.TLS != nil && a.TLS.ClientCAFile != "":
		return a.Listen + ", with a certificate"
	}
	return a.Listen
}

func counted(n int, noun string) string {
	switch n {
	case 0:
		return "no " + noun
	case 1:
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
