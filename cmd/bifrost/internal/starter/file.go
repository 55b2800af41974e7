package starter

import (
	"fmt"
	"slices"
	"strings"
)

// Provider is one of a first file.
type Provider struct {
	Name     string
	Variable string   // of its key; empty: it needs none
	Missing  []string // variables that it needs and that are not set
}

// File returns a first configuration file, and the providers in it: those that are
// wanted, or if none are, those whose keys the environment has, or if it has none, the
// simulated one. It is an error if a wanted one is not known.
func File(lookup Lookup, wanted []string) (text string, chosen []Provider, err error) {
	for _, name := range wanted {
		if !slices.ContainsFunc(conventions, func(c convention) bool { return c.provider == name }) {
			return "", nil, fmt.Errorf("%q is not a provider that init knows; write one of %s", name, strings.Join(Names(), ", "))
		}
	}
	var tables []string
	for _, c := range conventions {
		missing := c.missing(lookup)
		if !slices.Contains(wanted, c.provider) && (len(wanted) > 0 || c.asked || len(missing) > 0) {
			continue
		}
		chosen = append(chosen, Provider{c.provider, c.variable(lookup), missing})
		tables = append(tables, c.table(lookup))
	}
	if len(chosen) == 0 {
		return File(lookup, []string{"simulated"})
	}
	return head + strings.Join(tables, "\n") + sizes(chosen[0].Name) + foot(chosen[0]), chosen, nil
}

// table writes a provider. All its keys are dotted, so that those of its tables follow in
// any order.
func (c convention) table(lookup Lookup) string {
	var b strings.Builder
	fmt.Fprintf(&b, "[providers.%s]\n", c.provider)
	if v := c.variable(lookup); v != "" {
		fmt.Fprintf(&b, "keys = [{ value = \"env.%s\" }]\n", v)
	}
	if c.more != nil {
		for _, line := range c.more(lookup) {
			b.WriteString(line + "\n")
		}
	}
	return b.String()
}

const head = `# The configuration of Bifrost. Lines that begin with "#" and no space are keys that are
# off; take the "#" away to switch one on.
#
#   bifrost check    what is wrong with this file, by line
#   bifrost serve    run it; the file is read again when it changes
#   bifrost schema   a JSON Schema, with which editors complete and check it
#
# docs/configuration.md of Bifrost has every key.

# When a provider's queue is full: true refuses the request at once, false lets it wait.
#drop_excess_requests = true

[server]
# Off loopback the gateway needs clients; see the end of this file.
#listen = "127.0.0.1:8080"

# The admin API, the dashboard and metrics, for operators. Off loopback it needs a token.
[admin]
#listen = "127.0.0.1:8081"
#token = "env.BIFROST_ADMIN_TOKEN"

# ----------------------------------------------------------------------------
# Providers. A request names a model as "provider/model".
# ----------------------------------------------------------------------------

`

func sizes(provider string) string {
	return fmt.Sprintf(`
# Each provider has its own workers, which is how many calls are with it at once, and
# places in the queue behind them.
#[providers.%[1]s.concurrency_and_buffer_size]
#concurrency = 10
#buffer_size = 100

# Attempts after the first one, and the longest one.
#[providers.%[1]s.network_config]
#max_retries = 2
#total_timeout = "300s"
`, provider)
}

func foot(p Provider) string {
	model := "MODEL"
	if p.Name == "simulated" {
		model = "sim-small"
	}
	return fmt.Sprintf(`
# ----------------------------------------------------------------------------
# A model name of your own, which stands for one or several models.
# ----------------------------------------------------------------------------
#[models.fast]
#targets = [{ model = "%s/%s" }]

# ----------------------------------------------------------------------------
# Who may use the gateway: "bifrost keys new team-a" makes a key and prints these
# lines. Without clients, whoever reaches the gateway may use it.
# ----------------------------------------------------------------------------
#[clients.team-a]
#keys = ["sha256:…"]
#requests_per_minute = 600
`, p.Name, model)
}
