package starter

import (
	"slices"
	"strings"
	"testing"
)

func having(variables ...string) Lookup {
	return func(name string) (string, bool) { return "secret", slices.Contains(variables, name) }
}

func names(chosen []Provider) string {
	var out []string
	for _, p := range chosen {
		out = append(out, p.Name)
	}
	return strings.Join(out, " ")
}

func TestTheProvidersAreThoseWhoseKeysAreInTheEnvironment(t *testing.T) {
	for want, variables := range map[string][]string{
		"simulated":           {},
		"openai groq":         {"GROQ_API_KEY", "OPENAI_API_KEY"},
		"gemini":              {"GOOGLE_API_KEY"},
		"azure":               {"AZURE_OPENAI_API_KEY", "AZURE_OPENAI_ENDPOINT"},
		"anthropic":           {"AZURE_OPENAI_API_KEY", "ANTHROPIC_API_KEY", "GITHUB_TOKEN", "GOOGLE_CLOUD_PROJECT"},
		"vertex cloudflare":   {"GOOGLE_CLOUD_PROJECT", "GOOGLE_GENAI_USE_VERTEXAI", "CLOUDFLARE_API_TOKEN", "CLOUDFLARE_ACCOUNT_ID"},
		"huggingface mistral": {"HF_TOKEN", "MISTRAL_API_KEY"},
	} {
		text, chosen, err := File(having(variables...), nil)
		if err != nil || names(chosen) != want {
			t.Errorf("%v: got %q, %v, want %q", variables, names(chosen), err, want)
		}
		for _, p := range chosen {
			if !strings.Contains(text, "\n[providers."+p.Name+"]\n") || p.Variable != "" && !strings.Contains(text, `"env.`+p.Variable+`"`) {
				t.Errorf("%s and its key are not in\n%s", p.Name, text)
			}
		}
	}
}

func TestWhatIsWantedIsTakenWithoutItsKeyAndInTheOrderOfTheTable(t *testing.T) {
	_, chosen, err := File(having("GROQ_API_KEY"), []string{"github", "openai"})
	if err != nil || names(chosen) != "openai github" || len(chosen[0].Missing) != 1 || chosen[1].Missing[0] != "GITHUB_TOKEN" {
		t.Errorf("got %+v, %v", chosen, err)
	}
	if _, _, err := File(having(), []string{"opnai"}); err == nil {
		t.Error("a provider that is not known is no error")
	}
}

func TestAnAccountThatIsNoneIsNotWrittenIntoAnAddress(t *testing.T) {
	lookup := func(name string) (string, bool) { return "x\"\n[evil]", true }
	text, _, err := File(lookup, []string{"cloudflare"})
	if err != nil || strings.Contains(text, "evil") || !strings.Contains(text, "/ACCOUNT_ID/") {
		t.Errorf("%v\n%s", err, text)
	}
}

func TestOneVariableIsEnoughWhenAnEmptyOneComesBefore(t *testing.T) {
	lookup := func(name string) (string, bool) {
		return map[string]string{"GEMINI_API_KEY": " ", "GOOGLE_API_KEY": "secret"}[name], true
	}
	_, chosen, err := File(lookup, nil)
	if err != nil || len(chosen) != 1 || chosen[0].Variable != "GOOGLE_API_KEY" {
		t.Errorf("got %+v, %v", chosen, err)
	}
}
