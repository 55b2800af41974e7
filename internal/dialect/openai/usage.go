package openai

import (
	"bytes"
	"cmp"
	"net/http"
	"strings"

	"github.com/tidwall/gjson"

	"bifrost/internal/dialect"
	"bifrost/schemas"
)

var _ dialect.UsageAsker = Codec{}

// Usage implements dialect.Codec.
func (Codec) Usage(_ http.Header, answer dialect.Ending) *schemas.Usage {
	return usageIn(answer.Object("usage"))
}

// usageIn reads the usage of any answer of the dialect: chats count prompt and
// completion, the Responses API, images and sound input and output. It is nil if it
// counts no tokens, as that of seconds of sound.
func usageIn(data []byte) *schemas.Usage {
	if len(data) == 0 {
		return nil
	}
	v := gjson.ParseBytes(data)
	count := func(paths ...string) int {
		for _, path := range paths {
			if n := v.Get(path); n.Type == gjson.Number {
				return int(lenientNumber(n))
			}
		}
		return 0
	}
	out := &schemas.Usage{PromptTokens: count("prompt_tokens", "input_tokens"), CompletionTokens: count("completion_tokens", "output_tokens")}
	out.TotalTokens = cmp.Or(count("total_tokens"), out.PromptTokens+out.CompletionTokens)
	if out.TotalTokens == 0 {
		return nil
	}
	prompt := schemas.PromptTokensDetails{
		CachedTokens: count("prompt_tokens_details.cached_tokens", "input_tokens_details.cached_tokens",
			"input_tokens_details.cache_read_input_tokens", "prompt_cache_hit_tokens"), // the last at DeepSeek
		CacheWriteTokens: count("prompt_tokens_details.cache_write_tokens", "input_tokens_details.cache_creation_input_tokens"),
		AudioTokens:      count("prompt_tokens_details.audio_tokens", "input_token_details.audio_tokens")}
	if prompt != (schemas.PromptTokensDetails{}) {
		out.PromptTokensDetails = &prompt
	}
	completion := schemas.CompletionTokensDetails{
		ReasoningTokens: count("completion_tokens_details.reasoning_tokens", "output_tokens_details.reasoning_tokens"),
		AudioTokens:     count("completion_tokens_details.audio_tokens")}
	if completion != (schemas.CompletionTokensDetails{}) {
		out.CompletionTokensDetails = &completion
	}
	return out
}

// AskUsage implements dialect.UsageAsker, for chats and completions. Only a body in which
// nothing has to be guessed is changed.
func (c Codec) AskUsage(raw *schemas.RawRequest) *schemas.RawRequest {
	if !c.AsksUsage || raw.Path != PathChat && raw.Path != PathCompletions || raw.Method != http.MethodPost ||
		!wantsStream(raw) || !plain(raw.Header) || !dialect.IsJSON(raw.Header) || !dialect.ValidBytes(raw.Body) {
		return raw
	}
	if gjson.GetBytes(raw.Body, "data_sources").Exists() { // Azure refuses the two together
		return raw
	}
	body := withUsageAsked(raw.Body)
	if body == nil {
		return raw
	}
	out := *raw
	out.Body = body
	return &out
}

// WatchAsked implements dialect.UsageAsker.
func (Codec) WatchAsked(raw *schemas.RawRequest, key string) dialect.Watch {
	w := NewStreamWatch(raw.Path, StreamOptions{Key: key})
	w.asked = true
	return w
}

// withUsageAsked returns a body that asks for its usage, with every other byte as it was;
// nil if it does already, or is not one that could.
func withUsageAsked(body []byte) []byte {
	const include = `"include_usage":true`
	begin := bytes.IndexByte(body, '{')
	options := gjson.GetBytes(body, "stream_options")
	switch {
	case begin < 0 || len(bytes.TrimSpace(body[:begin])) > 0:
		return nil
	case !options.Exists(): // there is at least "stream"
		return spliced(body, begin+1, begin+1, `"stream_options":{`+include+`},`)
	case options.Type == gjson.Null && options.Index > 0:
		return spliced(body, options.Index, options.Index+len(options.Raw), `{`+include+`}`)
	case !options.IsObject() || options.Index == 0:
		return nil
	}
	given := options.Get("include_usage")
	switch {
	case given.Type == gjson.True:
		return nil
	case given.Exists() && given.Index > options.Index:
		return spliced(body, given.Index, given.Index+len(given.Raw), "true")
	case given.Exists():
		return nil
	}
	text := include
	if len(options.Map()) > 0 {
		text += ","
	}
	return spliced(body, options.Index+1, options.Index+1, text)
}

// spliced returns a copy of body with text in the place of what lies between two places.
func spliced(body []byte, from, to int, text string) []byte {
	var out strings.Builder
	out.Grow(len(body) + len(text))
	out.Write(body[:from])
	out.WriteString(text)
	out.Write(body[to:])
	return []byte(out.String())
}
