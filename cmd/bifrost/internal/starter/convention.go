package starter

import (
	"slices"
	"strings"
)

// Lookup is os.LookupEnv, or stands for it.
type Lookup func(variable string) (string, bool)

// convention is how a provider's own tools find its key.
type convention struct {
	provider  string
	variables []string // of the key, the first that is set; none: it needs none here

	// also are variables that have to be set, too, since the provider is not reached
	// without them, or since the key's is there for many reasons.
	also []string

	// more are lines of the provider's table, after its keys.
	more func(Lookup) []string

	// asked tells that the variable is there for many reasons, so that the provider is
	// taken only if it is asked for by name.
	asked bool
}

// conventions are in the order of the file.
var conventions = []convention{
	{provider: "openai", variables: []string{"OPENAI_API_KEY"}},
	{provider: "anthropic", variables: []string{"ANTHROPIC_API_KEY"}},
	{provider: "gemini", variables: []string{"GEMINI_API_KEY", "GOOGLE_API_KEY"}},
	{provider: "azure", variables: []string{"AZURE_OPENAI_API_KEY"}, also: []string{"AZURE_OPENAI_ENDPOINT"}, more: baseURL("env.AZURE_OPENAI_ENDPOINT")},
	{provider: "bedrock", variables: []string{"AWS_BEARER_TOKEN_BEDROCK"}},
	{provider: "vertex", also: []string{"GOOGLE_CLOUD_PROJECT", "GOOGLE_GENAI_USE_VERTEXAI"}, more: vertexProject},
	{provider: "baseten", variables: []string{"BASETEN_API_KEY"}},
	{provider: "cerebras", variables: []string{"CEREBRAS_API_KEY"}},
	{provider: "cloudflare", variables: []string{"CLOUDFLARE_API_TOKEN"}, also: []string{"CLOUDFLARE_ACCOUNT_ID"}, more: cloudflareURL},
	{provider: "cohere", variables: []string{"COHERE_API_KEY", "CO_API_KEY"}},
	{provider: "dashscope", variables: []string{"DASHSCOPE_API_KEY"}},
	{provider: "deepinfra", variables: []string{"DEEPINFRA_API_KEY", "DEEPINFRA_TOKEN"}},
	{provider: "deepseek", variables: []string{"DEEPSEEK_API_KEY"}},
	{provider: "fireworks", variables: []string{"FIREWORKS_API_KEY"}},
	{provider: "github", variables: []string{"GITHUB_TOKEN"}, asked: true},
	{provider: "groq", variables: []string{"GROQ_API_KEY"}},
	{provider: "huggingface", variables: []string{"HF_TOKEN", "HUGGINGFACE_API_KEY"}},
	{provider: "hyperbolic", variables: []string{"HYPERBOLIC_API_KEY"}},
	{provider: "minimax", variables: []string{"MINIMAX_API_KEY"}},
	{provider: "mistral", variables: []string{"MISTRAL_API_KEY"}},
	{provider: "moonshot", variables: []string{"MOONSHOT_API_KEY"}},
	{provider: "nebius", variables: []string{"NEBIUS_API_KEY"}},
	{provider: "novita", variables: []string{"NOVITA_API_KEY"}},
	{provider: "nvidia", variables: []string{"NVIDIA_API_KEY"}},
	{provider: "openrouter", variables: []string{"OPENROUTER_API_KEY"}},
	{provider: "parasail", variables: []string{"PARASAIL_API_KEY"}},
	{provider: "perplexity", variables: []string{"PERPLEXITY_API_KEY", "PPLX_API_KEY"}},
	{provider: "sambanova", variables: []string{"SAMBANOVA_API_KEY"}},
	{provider: "siliconflow", variables: []string{"SILICONFLOW_API_KEY"}},
	{provider: "together", variables: []string{"TOGETHER_API_KEY"}},
	{provider: "xai", variables: []string{"XAI_API_KEY"}},
	{provider: "zhipu", variables: []string{"ZHIPUAI_API_KEY", "ZAI_API_KEY"}},
	// On this machine, or in this process: there is nothing to find in the environment.
	{provider: "llamacpp", asked: true},
	{provider: "lmstudio", asked: true},
	{provider: "ollama", asked: true},
	{provider: "sglang", asked: true},
	{provider: "tgi", asked: true},
	{provider: "vllm", asked: true},
	{provider: "simulated", asked: true, more: simulation},
}

// baseURL is the line of a provider's address.
func baseURL(url string) func(Lookup) []string {
	return func(Lookup) []string { return []string{`network_config.base_url = "` + url + `"`} }
}

// cloudflareURL has the account's id in it, which is no secret.
func cloudflareURL(lookup Lookup) []string {
	id, _ := lookup("CLOUDFLARE_ACCOUNT_ID")
	plain := func(r rune) bool { return 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9' }
	if id == "" || strings.ContainsFunc(id, func(r rune) bool { return !plain(r) }) {
		id = "ACCOUNT_ID"
	}
	return baseURL("https://api.cloudflare.com/client/v4/accounts/" + id + "/ai/v1")(lookup)
}

func vertexProject(Lookup) []string { return []string{`vertex.project = "env.GOOGLE_CLOUD_PROJECT"`} }

func simulation(Lookup) []string {
	return []string{`simulation.latency = "300ms"`, `simulation.tokens_per_second = 60`}
}

// Names returns the providers that are known here, sorted.
func Names() []string {
	var names []string
	for _, c := range conventions {
		names = append(names, c.provider)
	}
	slices.Sort(names)
	return names
}

// variable returns the key's variable that is set, or else the first; "" if there is none.
func (c convention) variable(lookup Lookup) string {
	for _, v := range c.variables {
		if isSet(lookup, v) {
			return v
		}
	}
	if len(c.variables) > 0 {
		return c.variables[0]
	}
	return ""
}

// missing returns the variables that are not set and have to be.
func (c convention) missing(lookup Lookup) []string {
	var missing []string
	for _, v := range append([]string{c.variable(lookup)}, c.also...) {
		if v != "" && !isSet(lookup, v) {
			missing = append(missing, v)
		}
	}
	return missing
}

func isSet(lookup Lookup, variable string) bool {
	text, ok := lookup(variable)
	return ok && strings.TrimSpace(text) != ""
}

// Variables returns every variable that is looked for.
func Variables() []string {
	var all []string
	for _, c := range conventions {
		all = append(append(all, c.variables...), c.also...)
	}
	slices.Sort(all)
	return slices.Compact(all)
}
