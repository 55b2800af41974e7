package openai

// ResponsesOnly are the beginnings of the names of OpenAI's models that have the Responses
// API and no chat completions: those that ResponsesModel of github.com/openai/openai-python
// has beside ChatModel; every pro and codex model, as
// https://developers.openai.com/api/docs/models/gpt-5.4-pro and its like say, after
// github.com/langchain-ai/langchain pull request 35594, which quotes them; and
// codex-mini-latest (github.com/aaif-goose/goose issue 2564: 404, "only supported in
// v1/responses"). The models of computer use are not among them: they need a tool that no
// chat has.
var ResponsesOnly = []string{
	"codex-mini",
	"gpt-5-codex", "gpt-5.1-codex", "gpt-5.2-codex", "gpt-5.3-codex",
	"gpt-5-pro", "gpt-5.2-pro", "gpt-5.4-pro", "gpt-5.5-pro",
	"o1-pro", "o3-pro",
	"o3-deep-research", "o4-mini-deep-research",
}
