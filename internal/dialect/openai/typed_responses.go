package openai

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"bifrost/internal/dialect"
	"bifrost/internal/wire"
	"bifrost/schemas"
)

// Paths of the Responses API beside PathResponses.
const (
	PathCompact     = PathResponses + "/compact"
	PathInputTokens = PathResponses + "/input_tokens"
)

// EncodeResponses writes a typed request as a call of the Responses API for model; an
// empty model means req.Model. path is PathResponses, or one that takes the same fields.
func EncodeResponses(req *schemas.ResponsesRequest, path, model string, stream bool) (*schemas.RawRequest, error) {
	w := struct {
		schemas.ResponsesRequest
		Stream bool `json:"stream,omitempty"`
	}{*req, stream}
	w.Model = named(model, req.Model)
	body, err := encodeBody(&w, req.Extra, "stream", "fallbacks")
	if err != nil {
		return nil, err
	}
	raw := jsonCall(path, body)
	if stream {
		raw.Header.Set("Accept", "text/event-stream")
	}
	return raw, nil
}

// jsonCall returns a call that sends JSON.
func jsonCall(path string, body []byte) *schemas.RawRequest {
	return &schemas.RawRequest{Dialect: schemas.DialectOpenAI, Method: http.MethodPost, Path: path, Body: body,
		Header: http.Header{"Content-Type": {"application/json"}, "Accept": {"application/json"}}}
}

// bareCall returns a call without a body.
func bareCall(method, path string, query url.Values) *schemas.RawRequest {
	return &schemas.RawRequest{Dialect: schemas.DialectOpenAI, Method: method, Path: path, Query: query.Encode(),
		Header: http.Header{"Accept": {"application/json"}}}
}

// idPath returns the path of what is kept below base under an id.
func idPath(base, id, below string) (string, error) {
	if id == "" {
		return "", dialect.BadRequest("the request has no ID; name what the provider keeps")
	}
	return base + "/" + url.PathEscape(id) + below, nil
}

// ResponseCall is a call for a response that the provider keeps: with method GET, DELETE,
// or, to cancel it, POST. A stream is of GET only.
func ResponseCall(method string, req *schemas.StoredResponseRequest, stream bool) (*schemas.RawRequest, error) {
	below := ""
	if method == http.MethodPost {
		below = "/cancel"
	}
	path, err := idPath(PathResponses, req.ID, below)
	if err != nil || method != http.MethodGet {
		return bareCall(method, path, nil), err
	}
	query := url.Values{"include[]": req.Include}
	for name, value := range req.Extra {
		query.Set(name, value)
	}
	query.Del("stream")
	if stream {
		query.Set("stream", "true")
		if req.StartingAfter != nil {
			query.Set("starting_after", strconv.FormatInt(*req.StartingAfter, 10))
		}
	}
	raw := bareCall(method, path, query)
	if stream {
		raw.Header.Set("Accept", "text/event-stream")
	}
	return raw, nil
}

// InputItemsCall is a call for the input of a response that the provider keeps.
func InputItemsCall(req *schemas.InputItemsRequest) (*schemas.RawRequest, error) {
	path, err := idPath(PathResponses, req.ID, "/input_items")
	query := page(req.After, req.Limit, req.Order)
	if len(req.Include) > 0 {
		query["include[]"] = req.Include
	}
	return bareCall(http.MethodGet, path, query), err
}

// page is the query for a page of a list.
func page(after string, limit int, order string) url.Values {
	query := url.Values{}
	if after != "" {
		query.Set("after", after)
	}
	if limit != 0 {
		query.Set("limit", strconv.Itoa(limit))
	}
	if order != "" {
		query.Set("order", order)
	}
	return query
}

// DecodeResponse reads a whole response, or a compaction. One that failed is an answer,
// whose error is a part of it; an error in the place of an answer is an error.
func DecodeResponse(data []byte) (*schemas.ResponsesResponse, error) {
	resp := &schemas.ResponsesResponse{}
	if err := json.Unmarshal(data, resp); err != nil {
		return nil, notThe("a response")
	}
	if strings.HasPrefix(resp.Object, "response") || resp.Output != nil && resp.ID != "" {
		return resp, nil
	}
	if err := ErrorWithin(data, ""); err != nil {
		return nil, err
	}
	return nil, notThe("a response")
}

// DecodeInputTokens reads how many tokens a request has.
func DecodeInputTokens(data []byte) (*schemas.TokenCount, error) {
	var in struct {
		InputTokens *int `json:"input_tokens"`
	}
	if err := decodeAnswer(data, "", "a count of tokens", &in); err != nil {
		return nil, err
	}
	if in.InputTokens == nil {
		return nil, notThe("a count of tokens")
	}
	return &schemas.TokenCount{InputTokens: *in.InputTokens}, nil
}

// DecodeItems reads a page of items.
func DecodeItems(data []byte) (*schemas.ResponsesItemList, error) {
	list := &schemas.ResponsesItemList{}
	if err := decodeAnswer(data, "", "a list of items", list); err != nil {
		return nil, err
	}
	if list.Data == nil {
		return nil, notThe("a list of items")
	}
	return list, nil
}

// ResponsesEvents reads the events of a streamed response. It is not safe for
// concurrent use, and does not own the reader that it reads.
type ResponsesEvents struct {
	src   *wire.Reader
	ended bool // the response's last event was read
}

// NewResponsesEvents returns a reader of src.
func NewResponsesEvents(src io.Reader) *ResponsesEvents {
	return &ResponsesEvents{src: wire.NewReader(src)}
}

// Next returns the next event. At the end it returns io.EOF, but for a stream that ends
// without the last event of its response, or with an error: that is an *schemas.Error,
// or what src ended with.
func (s *ResponsesEvents) Next() (*schemas.ResponsesEvent, error) {
	for {
		ev, err := s.src.Next()
		if err != nil {
			return nil, s.end(err)
		}
		if len(ev.Data) == 0 || string(ev.Data) == EndOfStream {
			continue
		}
		event := &schemas.ResponsesEvent{}
		if err := json.Unmarshal(ev.Data, event); err != nil {
			if ev.Incomplete {
				continue // the end says why
			}
			return nil, dialect.BadAnswer("an event of the stream is not a json object; try again")
		}
		if event.Type == "" {
			event.Type = ev.Name
		}
		if event.Type == "error" || event.Type == "" {
			if err := s.failure(event); err != nil {
				return nil, err
			}
		}
		s.ended = s.ended || event.Ends()
		return event, nil
	}
}

// failure returns the error that an event is, or nil for one that is none. The stream's
// own end says more of it, if it is an error.
func (s *ResponsesEvents) failure(event *schemas.ResponsesEvent) error {
	if event.Type == "" && ErrorWithin(event.Raw, "") == nil {
		return nil
	}
	told := errorInStream(event.Raw, "")
	for {
		_, err := s.src.Next()
		var e *schemas.Error
		switch {
		case err == nil:
		case errors.As(err, &e):
			return err
		default:
			return told
		}
	}
}

// end returns what it means that the source ended with err.
func (s *ResponsesEvents) end(err error) error {
	if err == io.EOF && !s.ended {
		return dialect.BadAnswer("the stream ended before its response did; try again")
	}
	return err
}
