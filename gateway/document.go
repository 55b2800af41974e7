package gateway

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/tidwall/gjson"

	"bifrost/internal/dialect"
)

// document is a request's body: an object in JSON, of which only a few top-level
// fields are looked at.
type document struct {
	body  []byte
	root  gjson.Result
	model gjson.Result // a string that is not empty, with its place in body
}

// parseDocument checks that body is an object in JSON that names its model once.
func parseDocument(body []byte) (*document, error) {
	d, err := parseObject(body)
	if err != nil {
		return nil, err
	}
	return d, d.nameModel()
}

// parseObject checks that body is an object in JSON.
func parseObject(body []byte) (*document, error) {
	if !dialect.ValidBytes(body) {
		if dialect.TooDeep(body) {
			return nil, invalid(fmt.Sprintf("the body is nested deeper than %d levels; flatten it", dialect.MaxDepth))
		}
		return nil, invalid(syntaxFault(body))
	}
	d := &document{body: body, root: gjson.ParseBytes(body)}
	if !d.root.IsObject() {
		return nil, invalid("the body must be a JSON object, such as {\"model\": …}")
	}
	return d, nil
}

// nameModel finds the model that the body names.
func (d *document) nameModel() (err error) {
	if d.model, err = d.only("model"); err != nil {
		return err
	}
	switch {
	case !d.model.Exists():
		return badField("model", "the field model is missing; name one as \"provider/model\"")
	case d.model.Type != gjson.String:
		return badField("model", "the field model must be a string, such as \"provider/model\"")
	case d.model.Str == "":
		return badField("model", "the field model is empty; name one as \"provider/model\"")
	}
	return nil
}

// only returns the top-level field of that name. Names are compared as JSON means
// them, escapes resolved. Two of one name are refused: who reads the first and who
// reads the last would disagree on what was asked.
func (d *document) only(name string) (gjson.Result, error) {
	var found gjson.Result
	count := 0
	d.root.ForEach(func(key, value gjson.Result) bool {
		if key.Str == name {
			found = value
			count++
		}
		return true
	})
	if count > 1 {
		return gjson.Result{}, badField(name, "the field "+name+" is there twice; send it once")
	}
	return found, nil
}

// syntaxFault says where a body stops being JSON, without a word of it.
func syntaxFault(body []byte) string {
	if len(bytes.TrimSpace(body)) == 0 {
		return "the body is empty; send a JSON object"
	}
	var syntax *json.SyntaxError
	if err := json.Unmarshal(body, new(json.RawMessage)); !errors.As(err, &syntax) {
		return "the body is not valid JSON; correct it"
	}
	at := max(int(syntax.Offset)-1, 0) // the offset counts the byte at fault
	what := "is not valid JSON"
	if endsEarly(body) {
		at, what = len(body), "ends too early to be JSON"
	}
	line := 1 + bytes.Count(body[:at], []byte("\n"))
	column := at - bytes.LastIndexByte(body[:at], '\n')
	return fmt.Sprintf("the body %s: line %d, column %d (byte %d); correct it", what, line, column, at+1)
}

// endsEarly reports whether body is the beginning of a JSON value.
func endsEarly(body []byte) bool {
	err := json.NewDecoder(bytes.NewReader(body)).Decode(new(json.RawMessage))
	return errors.Is(err, io.ErrUnexpectedEOF)
}
