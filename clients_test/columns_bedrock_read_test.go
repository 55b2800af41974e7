package clients_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
)

var (
	bedrockSource = fields(shape{"s3Location": fields(nil, "uri", "bucketOwner")}, "bytes")
	bedrockMedia  = shape{"format": nil, "source": bedrockSource}
	bedrockFile   = fields(shape{"source": fields(bedrockSource, "text", "content"), "citations": fields(nil, "enabled")}, "format", "name", "context")
	bedrockPoint  = fields(nil, "type", "ttl")

	// bedrockBlock is a ContentBlock
	// (https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_ContentBlock.html).
	bedrockBlock = shape{"text": nil, "image": bedrockMedia, "video": bedrockMedia, "audio": bedrockMedia, "document": bedrockFile, "cachePoint": bedrockPoint,
		"guardContent": nil, "citationsContent": nil, "searchResult": nil,
		"toolUse": fields(nil, "toolUseId", "name", "input", "type"),
		"toolResult": fields(shape{"content": shape{"text": nil, "json": nil, "image": bedrockMedia, "document": bedrockFile, "video": bedrockMedia,
			"searchResult": nil}}, "toolUseId", "status", "type"),
		"reasoningContent": fields(shape{"reasoningText": fields(nil, "text", "signature")}, "redactedContent")}

	bedrockMessages = shape{"role": nil, "content": bedrockBlock}
	bedrockSystem   = shape{"text": nil, "guardContent": nil, "cachePoint": bedrockPoint}
	bedrockTools    = shape{"tools": shape{"cachePoint": bedrockPoint, "systemTool": fields(nil, "name"),
		"toolSpec": fields(shape{"inputSchema": fields(nil, "json")}, "name", "description", "strict")},
		"toolChoice": shape{"auto": {"": nil}, "any": {"": nil}, "tool": fields(nil, "name")}}

	// bedrockRequest is the body of Converse
	// (https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_Converse.html);
	// its effort is as in
	// https://docs.aws.amazon.com/sdk-for-python/v1/reference/clients/bedrock-runtime/structures/OutputConfig/.
	bedrockRequest = fields(shape{"messages": bedrockMessages, "system": bedrockSystem, "toolConfig": bedrockTools,
		"inferenceConfig": fields(nil, "maxTokens", "temperature", "topP", "stopSequences"),
		"outputConfig":    fields(shape{"textFormat": fields(shape{"structure": shape{"jsonSchema": fields(nil, "schema", "name", "description")}}, "type")}, "effort"),
		"guardrailConfig": fields(nil, "guardrailIdentifier", "guardrailVersion", "trace", "streamProcessingMode"),
		// Those that are Claude's
		// (https://docs.aws.amazon.com/bedrock/latest/userguide/model-parameters-anthropic-claude-messages-request-response.html).
		"additionalModelRequestFields": fields(shape{"thinking": fields(nil, "type", "budget_tokens", "display")}, "top_k", "anthropic_beta"),
	}, "additionalModelResponseFieldPaths", "performanceConfig", "promptVariables", "requestMetadata", "serviceTier")

	// bedrockCount is the body of CountTokens
	// (https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_ConverseTokensRequest.html).
	bedrockCount = shape{"input": shape{"invokeModel": nil, "converse": shape{"messages": bedrockMessages, "system": bedrockSystem, "toolConfig": bedrockTools,
		"additionalModelRequestFields": bedrockRequest["additionalModelRequestFields"]}}}
)

type (
	converseBlock   = map[string]json.RawMessage
	converseMessage struct {
		Role    string          `json:"role"`
		Content []converseBlock `json:"content"`
	}
	// converse is a request of Converse.
	converse struct {
		Messages  []converseMessage `json:"messages"`
		System    []converseBlock   `json:"system"`
		Inference struct {
			MaxTokens   *int     `json:"maxTokens"`
			Temperature *float64 `json:"temperature"`
			TopP        *float64 `json:"topP"`
			Stop        []string `json:"stopSequences"`
		} `json:"inferenceConfig"`
		ToolConfig *struct {
			Tools  []converseBlock `json:"tools"`
			Choice converseBlock   `json:"toolChoice"`
		} `json:"toolConfig"`
		Output struct {
			Effort string `json:"effort"`
			Format *struct {
				Type      string `json:"type"`
				Structure struct {
					JSONSchema struct {
						Schema string `json:"schema"`
						Name   string `json:"name"`
					} `json:"jsonSchema"`
				} `json:"structure"`
			} `json:"textFormat"`
		} `json:"outputConfig"`
		Own struct {
			Thinking *struct {
				Type    string `json:"type"`
				Budget  int    `json:"budget_tokens"`
				Display string `json:"display"`
			} `json:"thinking"`
			TopK *int `json:"top_k"`
		} `json:"additionalModelRequestFields"`
		Paths []string `json:"additionalModelResponseFieldPaths"`
	}
)

// thinks reports whether the model is asked to think.
func (in *converse) thinks() bool {
	return in.Own.Thinking != nil && in.Own.Thinking.Type != "disabled"
}

// hidden reports whether the caller does not want to see what it thinks.
func (in *converse) hidden() bool { return in.thinks() && in.Own.Thinking.Display == "omitted" }

// calledWithoutThinking reports whether the last message of the model calls tools and does
// not begin with thinking.
func (in *converse) calledWithoutThinking() bool {
	for _, m := range slices.Backward(in.Messages) {
		if m.Role == "assistant" {
			return m.Content[0]["reasoningContent"] == nil && slices.ContainsFunc(m.Content, func(b converseBlock) bool { return b["toolUse"] != nil })
		}
	}
	return false
}

// more returns the model's own fields of an answer that were asked for.
func (in *converse) more(stopped string) map[string]any {
	if !slices.Contains(in.Paths, "/stop_sequence") {
		return nil
	}
	if stopped == "" {
		return map[string]any{"stop_sequence": nil}
	}
	return map[string]any{"stop_sequence": stopped}
}

// read reads a request, and returns it as one in OpenAI's form. Its errors are what the
// service says of one that it refuses.
func (s *bedrockServer) read(body []byte) (map[string]any, *converse, error) {
	if name := bedrockRequest.foreign(body); name != "" {
		return nil, nil, errors.New("extraneous key [" + name + "] is not permitted")
	}
	in := new(converse)
	if err := json.Unmarshal(body, in); err != nil {
		return nil, nil, errors.New("the request is not of its shape: " + err.Error())
	}
	ask := map[string]any{"model": "any"}
	c := &converseReader{server: s, in: in, ask: ask}
	for _, step := range []func() error{c.messages, c.tools, c.inference, c.output, c.thinking} {
		if err := step(); err != nil {
			return nil, nil, err
		}
	}
	return ask, in, nil
}

type converseReader struct {
	server *bedrockServer
	in     *converse
	ask    map[string]any
}

func (c *converseReader) tools() error {
	cfg := c.in.ToolConfig
	if cfg == nil {
		return nil
	}
	var tools []map[string]any
	names := map[string]bool{}
	for i, t := range cfg.Tools {
		kind, err := only(t)
		if err != nil {
			return err
		}
		if kind == "cachePoint" {
			if i == 0 {
				return errors.New("a cachePoint needs a tool before it")
			}
			if tools[len(tools)-1]["cache_control"], err = marker(t[kind]); err != nil {
				return err
			}
			continue
		}
		var spec struct {
			Name        string  `json:"name"`
			Description *string `json:"description"`
			InputSchema struct {
				JSON map[string]any `json:"json"`
			} `json:"inputSchema"`
		}
		if err := json.Unmarshal(t[kind], &spec); kind != "toolSpec" || err != nil || !bedrockName.MatchString(spec.Name) || names[spec.Name] ||
			spec.Description != nil && *spec.Description == "" || spec.InputSchema.JSON["type"] != "object" {
			return fmt.Errorf("the toolSpec at toolConfig.tools.%d is invalid", i)
		}
		names[spec.Name] = true
		tools = append(tools, map[string]any{"type": "function", "function": map[string]any{"name": spec.Name, "parameters": spec.InputSchema.JSON}})
	}
	if len(tools) == 0 {
		return errors.New("toolConfig.tools must have at least 1 item")
	}
	c.ask["tools"] = tools
	return c.choice(names)
}

func (c *converseReader) choice(names map[string]bool) error {
	if c.in.ToolConfig.Choice == nil {
		return nil
	}
	kind, err := only(c.in.ToolConfig.Choice)
	if err != nil {
		return err
	}
	if c.in.thinks() && kind != "auto" { // claude-messages-extended-thinking.html of the user guide
		return errors.New("The model returned the following errors: Thinking may not be enabled when tool_choice forces tool use.")
	}
	switch kind {
	case "auto":
		c.ask["tool_choice"] = "auto"
	case "any":
		c.ask["tool_choice"] = "required"
	default:
		var named struct {
			Name string `json:"name"`
		}
		if json.Unmarshal(c.in.ToolConfig.Choice[kind], &named) != nil || !names[named.Name] {
			return errors.New("The tool choice names a tool that is not in the tool config.")
		}
		c.ask["tool_choice"] = map[string]any{"type": "function", "function": map[string]any{"name": named.Name}}
	}
	return nil
}

// inference reads an InferenceConfiguration
// (https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_InferenceConfiguration.html).
func (c *converseReader) inference() error {
	in := c.in.Inference
	if n := in.MaxTokens; n != nil {
		if *n < 1 {
			return errors.New("inferenceConfig.maxTokens must be at least 1")
		}
		c.ask["max_tokens"] = *n
	}
	for name, value := range map[string]*float64{"temperature": in.Temperature, "topP": in.TopP} {
		if value != nil && (*value < 0 || *value > 1) {
			return errors.New("inferenceConfig." + name + " must be from 0 to 1")
		}
	}
	if slices.Contains(in.Stop, "") {
		return errors.New("a stop sequence must have at least 1 character")
	}
	if len(in.Stop) > 0 {
		c.ask["stop"] = in.Stop
	}
	return nil
}

// output reads an OutputConfig
// (https://docs.aws.amazon.com/bedrock/latest/userguide/structured-output.html).
func (c *converseReader) output() error {
	f := c.in.Output.Format
	if f == nil {
		return nil
	}
	var schema map[string]any
	if f.Type != "json_schema" || json.Unmarshal([]byte(f.Structure.JSONSchema.Schema), &schema) != nil || schema["type"] != "object" {
		return errors.New("outputConfig.textFormat must have the type json_schema and a schema that is JSON in a string")
	}
	if open, is := schema["additionalProperties"].(bool); !is || open {
		return errors.New("The model returned the following errors: output_config.format.schema: For 'object' type, 'additionalProperties' must be explicitly set to false")
	}
	c.ask["response_format"] = map[string]any{"type": "json_schema", "json_schema": map[string]any{"name": "answer", "schema": schema}}
	return nil
}

// thinking reads Claude's own fields
// (https://docs.aws.amazon.com/bedrock/latest/userguide/claude-messages-extended-thinking.html).
func (c *converseReader) thinking() error {
	if !c.in.thinks() {
		return nil
	}
	t, cfg := c.in.Own.Thinking, c.in.Inference
	wrong := ""
	switch {
	case t.Type == "enabled" && t.Budget < 1024:
		wrong = "thinking.enabled.budget_tokens: Input should be greater than or equal to 1024"
	case t.Type == "enabled" && cfg.MaxTokens != nil && *cfg.MaxTokens <= t.Budget:
		wrong = "`max_tokens` must be greater than `thinking.budget_tokens`"
	case t.Type != "enabled": // this model knows a budget only
		wrong = "adaptive thinking is not supported on this model"
	case cfg.Temperature != nil && *cfg.Temperature != 1:
		wrong = "`temperature` may only be set to 1 when thinking is enabled"
	case cfg.TopP != nil && *cfg.TopP < 0.95:
		wrong = "`top_p` must be greater than or equal to 0.95 when thinking is enabled"
	case c.in.calledWithoutThinking():
		wrong = "Expected `thinking` or `redacted_thinking`, but found `tool_use`. When `thinking` is enabled, a final `assistant` message must start with a thinking block"
	case c.in.Own.TopK != nil:
		wrong = "`top_k` must be unset when thinking is enabled"
	}
	if wrong != "" {
		return errors.New("The model returned the following errors: " + wrong)
	}
	c.ask["reasoning_effort"] = "medium"
	return nil
}

// only returns the one field of a union.
func only(block converseBlock) (string, error) {
	if len(block) != 1 {
		return "", fmt.Errorf("a union must have exactly one member, not %d", len(block))
	}
	for name := range block {
		return name, nil
	}
	panic("unreachable")
}

// marker returns what a CachePointBlock means in OpenAI's form.
func marker(data json.RawMessage) (map[string]any, error) {
	var point struct {
		Type string  `json:"type"`
		TTL  *string `json:"ttl"`
	}
	if json.Unmarshal(data, &point) != nil || point.Type != "default" || point.TTL != nil && *point.TTL != "5m" && *point.TTL != "1h" {
		return nil, errors.New(`a cachePoint has the type "default", and a ttl of 5m or 1h`)
	}
	return map[string]any{"type": "ephemeral"}, nil
}

var (
	bedrockName = regexp.MustCompile(`^[a-zA-Z0-9_-]{1,64}$`)   // of a tool: API_runtime_ToolSpecification.html
	bedrockID   = regexp.MustCompile(`^[a-zA-Z0-9_.:-]{1,64}$`) // of a call: API_runtime_ToolUseBlock.html
	// bedrockTitle is the name of a document: API_runtime_DocumentBlock.html.
	bedrockTitle = regexp.MustCompile(`^[a-zA-Z0-9\s()\[\]-]{1,200}$`)
)

// blank reports whether a text is refused as blank.
func blank(text string) bool { return strings.TrimSpace(text) == "" }
