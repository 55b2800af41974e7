package openai

import (
	"slices"
	"strings"

	"bifrost/internal/dialect"
	"bifrost/schemas"
)

// plainRequest returns the request as OpenAI's own API takes it, which refuses fields
// that it does not know, and the names of what was left out for that. The request is
// not modified.
func plainRequest(req *schemas.ChatRequest, opts ChatOptions) (*schemas.ChatRequest, []string, error) {
	p := plainer{opts: opts}
	out := *req
	if out.TopK != nil && !opts.TopK {
		out.TopK = nil
		p.drop("top_k")
	}
	out.Messages = slices.Clone(withToolMedia(req.Messages))
	for i := range out.Messages {
		if err := p.message(&out.Messages[i]); err != nil {
			return nil, nil, err
		}
	}
	p.quirks(&out)
	out.Tools = slices.Clone(req.Tools)
	for i := range out.Tools {
		if out.Tools[i].Raw != nil {
			return nil, nil, dialect.BadRequest("the tool of type " + out.Tools[i].Type +
				" is another dialect's own; leave it out, or use a provider that has it")
		}
		out.Tools[i].CacheControl = p.cacheControl("tools.cache_control", out.Tools[i].CacheControl)
	}
	if err := p.toolChoice(&out); err != nil {
		return nil, nil, err
	}
	if out.ReasoningEffort == "" && req.Thinking != nil {
		out.ReasoningEffort = effortOf(req.Thinking)
	}
	return &out, p.dropped, nil
}

// effortOf returns the effort that stands for a budget of thinking: up to 1,024
// tokens are minimal, to 4,096 low, to 16,384 medium, and more are high.
func effortOf(t *schemas.Thinking) string {
	switch {
	case t.Off:
		return "none"
	case t.Budget == 0:
		return ""
	case t.Budget <= 1024:
		return "minimal"
	case t.Budget <= 4096:
		return "low"
	case t.Budget <= 16384:
		return "medium"
	}
	return "high"
}

type plainer struct {
	opts    ChatOptions
	dropped []string
}

func (p *plainer) drop(name string) {
	if !slices.Contains(p.dropped, name) {
		p.dropped = append(p.dropped, name)
	}
}

// message changes m, which shares its parts with the caller's.
func (p *plainer) message(m *schemas.ChatMessage) error {
	p.messageQuirks(m)
	if len(m.ReasoningDetails) > 0 && !p.opts.ReasoningDetails {
		m.ReasoningDetails = nil
		p.drop("messages.reasoning_details")
	}
	if m.IsError {
		m.IsError = false
		p.drop("messages.is_error")
	}
	if m.Content == nil || m.Content.Parts == nil {
		return nil
	}
	content := schemas.Content{Parts: slices.Clone(m.Content.Parts)}
	for i := range content.Parts {
		part := &content.Parts[i]
		part.CacheControl = p.cacheControl("messages.content.cache_control", part.CacheControl)
		if part.VideoURL != nil || part.File != nil && part.File.FileURL != "" {
			return &schemas.Error{Kind: schemas.KindUnsupportedOperation,
				Message: "OpenAI's dialect has no part of type " + part.Type + " by address; send the file itself, or use another provider"}
		}
		part.File = withFilename(part.File)
	}
	m.Content = &content
	return nil
}

// withFilename returns a file with a name, without which OpenAI refuses its content, though its
// description calls the name optional (https://github.com/laravel/ai/issues/321).
func withFilename(f *schemas.FileInput) *schemas.FileInput {
	if f == nil || f.FileData == "" || f.Filename != "" {
		return f
	}
	out := *f
	out.Filename = "document"
	if strings.HasPrefix(f.FileData, "data:application/pdf") {
		out.Filename += ".pdf"
	}
	return &out
}

func (p *plainer) cacheControl(name string, mark *schemas.CacheControl) *schemas.CacheControl {
	if mark == nil || p.opts.CacheControl {
		return mark
	}
	p.drop(name)
	return nil
}
