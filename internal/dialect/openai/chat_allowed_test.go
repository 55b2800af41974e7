package openai

import (
	"errors"
	"testing"

	"bifrost/schemas"
)

const threeTools = `"tools":[{"type":"function","function":{"name":"a"}},{"type":"function","function":{"name":"b"}},{"type":"function","function":{"name":"c"}}]`

func translate(choice string) (*schemas.ChatRequest, error) {
	tr, err := (Surface{}).Translate(&schemas.RawRequest{Method: "POST", Path: PathChat,
		Body: []byte(`{"model":"m","messages":[{"role":"user","content":"hi"}],` + threeTools + `,"tool_choice":` + choice + `}`)})
	if err != nil {
		return nil, err
	}
	return tr.Request().Chat, nil
}

func TestToolsThatAreNotAllowedAreNotThereForOtherDialects(t *testing.T) {
	chat, err := translate(`{"type":"allowed_tools","allowed_tools":{"mode":"required","tools":[{"type":"function","function":{"name":"a"}},{"type":"function","function":{"name":"c"}}]}}`)
	if err != nil {
		t.Fatal(err)
	}
	if len(chat.Tools) != 2 || chat.Tools[0].Function.Name != "a" || chat.Tools[1].Function.Name != "c" || chat.ToolChoice.Mode != "required" {
		t.Errorf("got %+v, %+v", chat.Tools, chat.ToolChoice)
	}
}

func TestAllowedToolsThatMakeNoSenseAreRefused(t *testing.T) {
	for choice, want := range map[string]error{
		`{"type":"allowed_tools"}`: schemas.ErrInvalidRequest,
		`{"type":"allowed_tools","allowed_tools":{"mode":"auto","tools":[]}}`:                                                 schemas.ErrInvalidRequest,
		`{"type":"allowed_tools","allowed_tools":{"mode":"auto","tools":[{"type":"function","function":{"name":"d"}}]}}`:      schemas.ErrInvalidRequest,
		`{"type":"allowed_tools","allowed_tools":{"mode":"auto","tools":[{"type":"custom","custom":{"name":"a"}}]}}`:          schemas.ErrUnsupportedOperation,
		`{"type":"allowed_tools","allowed_tools":{"mode":"sometimes","tools":[{"type":"function","function":{"name":"a"}}]}}`: schemas.ErrInvalidRequest,
	} {
		if _, err := translate(choice); !errors.Is(err, want) {
			t.Errorf("%s: got %v", choice, err)
		}
	}
}
