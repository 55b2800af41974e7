package gateway_test

import (
	"io"
	"strings"
	"testing"
)

const faulty = "invalid_request_error"

func invalid(param, says string) wantError {
	return wantError{status: 400, code: "invalid_request", kind: faulty, param: param, saysPartly: says}
}

// Refusals that several rows share.
var (
	media    = wantError{status: 415, code: "unsupported_media_type", kind: faulty, saysPartly: "application/json"}
	method   = wantError{status: 405, code: "method_not_allowed", kind: faulty, saysPartly: "use "}
	nowhere  = wantError{status: 404, code: "not_found", kind: faulty, saysPartly: "unknown path"}
	unknown  = wantError{status: 404, code: "not_found", kind: faulty, param: "model", saysPartly: `no provider "nobody", and no key lists this model; write it as "provider/model" with one of: fake, other`}
	tooLarge = wantError{status: 413, code: "body_too_large", kind: faulty, saysPartly: "4096 bytes"}
)

var largeChat = `{"model":"fake/m","messages":["` + strings.Repeat("x", limit) + `"]}`

// sender makes a bad request.
type sender func(*testing.T, *site) received

func send(method, path, body string, header ...string) sender {
	return func(t *testing.T, s *site) received { return s.do(t, s.request(t, method, path, body, header...)) }
}

func chat(body string) sender { return send("POST", chatPath, body) }

func embed(body string) sender { return send("POST", "/v1/embeddings", body) }

// unmeasured sends a body without its length.
func unmeasured(t *testing.T, s *site) received {
	r := s.request(t, "POST", chatPath, largeChat)
	r.Body, r.ContentLength = io.NopCloser(strings.NewReader(largeChat)), -1
	return s.do(t, r)
}

// badRows are bad requests, each with the refusal that it must get.
var badRows = map[string]struct {
	send sender
	want wantError
}{
	"an operation in disguise":                {send("POST", "/v1/chat%2Fcompletions", goodChat, "Content-Type", "application/json"), nowhere},
	"another one":                             {send("POST", "/v1/%63ompletions", goodChat, "Content-Type", "application/json"), nowhere},
	"malformed JSON":                          {chat("{\"model\":\"fake/m\",\n \"messages\": [}"), invalid("", "line 2, column 15 (byte 34)")},
	"JSON that ends early":                    {chat(`{"model":"fake/m",`), invalid("", "ends too early to be JSON: line 1, column 19")},
	"two JSON values":                         {chat(goodChat + `{}`), invalid("", "not valid JSON")},
	"single quotes":                           {chat(`{'model':'fake/m'}`), invalid("", "line 1, column 2 (byte 2)")},
	"an empty body":                           {send("POST", chatPath, "", "Content-Type", "application/json"), invalid("", "body is empty")},
	"an array":                                {chat(`[]`), invalid("", "must be a JSON object")},
	"null":                                    {chat(`null`), invalid("", "must be a JSON object")},
	"a string":                                {chat(`"model"`), invalid("", "must be a JSON object")},
	"nesting beyond the limit":                {chat(`{"a":` + strings.Repeat("[", 1001)), invalid("", "nested deeper than 1000")},
	"no model":                                {chat(`{"messages":[]}`), invalid("model", "missing")},
	"a model of the wrong type":               {chat(`{"model":1,"messages":[]}`), invalid("model", "must be a string")},
	"a null model":                            {chat(`{"model":null,"messages":[]}`), invalid("model", "must be a string")},
	"an empty model":                          {chat(`{"model":"","messages":[]}`), invalid("model", "empty")},
	"a provider without a model":              {chat(`{"model":"fake/","messages":[]}`), invalid("model", "names a provider only")},
	"two models":                              {chat(`{"model":"fake/m","messages":[],"model":"fake/n"}`), invalid("model", "twice")},
	"two models, one escaped":                 {chat(`{"model":"fake/m","messages":[],"\u006dodel":"fake/n"}`), invalid("model", "twice")},
	"an unknown model":                        {chat(`{"model":"nobody/m","messages":[]}`), unknown},
	"no messages":                             {chat(`{"model":"fake/m"}`), invalid("messages", "missing")},
	"messages of the wrong type":              {chat(`{"model":"fake/m","messages":"hello"}`), invalid("messages", "must be an array")},
	"null messages":                           {chat(`{"model":"fake/m","messages":null}`), invalid("messages", "must be an array")},
	"stream of the wrong type":                {chat(`{"model":"fake/m","messages":[],"stream":"yes"}`), invalid("stream", "true or false")},
	"two streams":                             {chat(`{"model":"fake/m","messages":[],"stream":true,"stream":false}`), invalid("stream", "twice")},
	"no input":                                {embed(`{"model":"fake/m"}`), invalid("input", "missing")},
	"input of the wrong type":                 {embed(`{"model":"fake/m","input":1}`), invalid("input", "string or an array")},
	"another operation, no model":             {send("POST", "/v1/responses", `{"input":"x"}`), invalid("model", "missing")},
	"another operation, bad field":            {send("POST", "/v1/responses", `{"model":"fake/m","stream":1}`), invalid("stream", "true or false")},
	"a body over the limit":                   {chat(largeChat), tooLarge},
	"a body over the limit, without a length": {unmeasured, tooLarge},
	"no content type":                         {send("POST", chatPath, goodChat, "Content-Type", ""), media},
	"a form":                                  {send("POST", chatPath, goodChat, "Content-Type", "application/x-www-form-urlencoded"), media},
	"text":                                    {send("POST", chatPath, goodChat, "Content-Type", "text/plain"), media},
	"a compressed body":                       {send("POST", chatPath, goodChat, "Content-Encoding", "gzip"), wantError{status: 415, code: media.code, kind: faulty, saysPartly: "compressed"}},
	"GET for a chat":                          {send("GET", chatPath, ""), method},
	"PUT for embeddings":                      {send("PUT", "/openai/v1/embeddings", "{}"), method},
	"POST for models":                         {send("POST", "/v1/models", "{}"), method},
	"POST for health":                         {send("POST", "/healthz", "{}"), method},
	"GET for another":                         {send("GET", "/v1/responses", ""), nowhere},
	"an unknown path":                         {send("GET", "/chat", ""), nowhere},
	"the root":                                {send("GET", "/", ""), nowhere},
	"the bare prefix":                         {send("POST", "/v1", goodChat), nowhere},
	"the prefix with a slash":                 {send("POST", "/v1/", goodChat), nowhere},
	"a slash too many":                        {send("POST", "/v1//chat/completions", goodChat), nowhere},
	"a slash at the end":                      {send("POST", chatPath+"/", goodChat), nowhere},
	"a path that climbs":                      {send("POST", "/v1/x/../chat/completions", goodChat), nowhere},
	"a hidden climb":                          {send("POST", "/v1/x/%2e%2e/chat/completions", `{"model":"other/m","messages":[]}`), wantError{status: 400, code: "invalid_request", kind: faulty, saysPartly: "path of a raw call"}},
}
