package codec

import (
	"encoding/json"
	"errors"
	"math"
	"reflect"
	"strings"
	"testing"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	"bifrost/remote/bifrostv1"
	"bifrost/schemas"
)

const asProto = bifrostv1.BodyForm_BODY_FORM_PROTO

// The bytes are what other versions of a node read and write.
func TestTheBodyOfAChatInProtobufKeepsItsBytes(t *testing.T) {
	req := &schemas.Request{Operation: schemas.OperationChatStream, Chat: &schemas.ChatRequest{
		Model: "gpt", Messages: []schemas.ChatMessage{schemas.UserMessage("hi"), {Content: &schemas.Content{Parts: []schemas.ContentPart{schemas.TextPart("x")}}}},
		Tools:    []schemas.Tool{{Type: "function", Function: schemas.ToolFunction{Name: "f", Parameters: json.RawMessage(`{}`)}}},
		Thinking: &schemas.Thinking{Budget: 7}, IncludeUsage: true, Temperature: ptr(0.0), Stop: schemas.Strings{"END"},
		Extra: map[string]json.RawMessage{"b": json.RawMessage(`1`), "a": nil},
	}}
	m, err := EncodeRequest(req)
	if err != nil {
		t.Fatal(err)
	}
	const want = "\n\x03gpt" + "\x12\x0a\n\x04user\x12\x02hi" + "\x12\x0d\x1a\x0b\n\x09\n\x04text\x12\x01x" +
		"\x1a\x13\n\x08function\x12\x07\n\x01f\x1a\x02{}" + "\x49\x00\x00\x00\x00\x00\x00\x00\x00" + "\x82\x01\x03END" +
		"\xaa\x01\x02\x10\x07" + "\xb0\x01\x01" + "\xba\x01\x09\n\x01a\x12\x04null" + "\xba\x01\x06\n\x01b\x12\x011"
	if got := string(m.GetBody()); got != want || m.GetBodyForm() != asProto {
		t.Errorf("got  %q\nwant %q", got, want)
	}
	if len(req.Chat.Extra) != 2 || req.Chat.Extra["a"] != nil {
		t.Error("the request was modified")
	}
}

func TestTheBodiesOfAnswersInProtobufKeepTheirBytes(t *testing.T) {
	for want, resp := range map[string]*schemas.Response{
		"\n\x01i" + "\x18\x05" + "\x2a\x18" + "\x12\x10\n\x09assistant\x12\x03yes" + "\x1a\x04stop" + "\x32\x06\x08\x01\x10\x02\x18\x03": {
			Chat: &schemas.ChatResponse{ID: "i", Created: 5, Choices: []schemas.ChatChoice{{Message: schemas.AssistantMessage("yes"), FinishReason: "stop"}},
				Usage: &schemas.Usage{PromptTokens: 1, CompletionTokens: 2, TotalTokens: 3}}},
		"\x12\x0c\x10\x01" + "\x1a\x08\x00\x00\x00\x00\x00\x00\xf0\x3f" + "\x1a\x01m": {
			Embedding: &schemas.EmbeddingResponse{Model: "m", Data: []schemas.Embedding{{Index: 1, Embedding: []float64{1}}}}},
		"@\x01": {Chat: &schemas.ChatResponse{}},
		"":      {Chat: &schemas.ChatResponse{Choices: []schemas.ChatChoice{}}},
	} {
		m, err := EncodeResponse(resp)
		if err != nil || string(m.GetBody()) != want || m.GetBodyForm() != asProto {
			t.Errorf("got  %q, %v\nwant %q", m.GetBody(), err, want)
		}
	}
	const want = "\n\x01i" + "\x2a\x07\x12\x05\x12\x03 on" + "\x2a\x08\x08\x01\x12\x00\x1a\x02ok"
	got, err := EncodeChunk(&schemas.ChatChunk{ID: "i", Choices: []schemas.ChunkChoice{{Delta: schemas.Delta{Content: " on"}}, {Index: 1, FinishReason: ptr("ok")}}})
	if err != nil || string(got) != want {
		t.Errorf("got  %q, %v\nwant %q", got, err, want)
	}
	m, err := EncodeRequest(&schemas.Request{Operation: schemas.OperationEmbeddings, Embedding: &schemas.EmbeddingRequest{Model: "m", Input: schemas.Strings{"a", ""}, Dimensions: ptr(0)}})
	if err != nil || string(m.GetBody()) != "\n\x01m"+"\x12\x01a\x12\x00"+"\x18\x00" {
		t.Errorf("got %q, %v", m.GetBody(), err)
	}
}

// A field that is added to content.proto and forgotten here is empty.
func TestEveryFieldOfTheMessagesIsUsed(t *testing.T) {
	s := &fullness{}
	nothing := map[string]bool{ // set by the second values
		"ChatRequest.no_messages": true, "ChatResponse.no_choices": true, "ChatChunk.no_choices": true, "EmbeddingRequest.no_input": true,
		"EmbeddingResponse.no_data": true, "Embedding.no_embedding": true, "ChatMessage.text": true, "ToolChoice.mode": true,
	}
	for at, list := range [][]struct {
		m    proto.Message
		body func() ([]byte, error)
	}{{
		{&bifrostv1.ChatRequest{}, func() ([]byte, error) { return bodyOf(EncodeRequest(requestOf(s, schemas.OperationChat))) }},
		{&bifrostv1.ChatResponse{}, func() ([]byte, error) { return bodyOf(EncodeResponse(answerOf(s, schemas.OperationChat))) }},
		{&bifrostv1.ChatChunk{}, func() ([]byte, error) { return EncodeChunk(drawn[schemas.ChatChunk](s)) }},
		{&bifrostv1.EmbeddingRequest{}, func() ([]byte, error) { return bodyOf(EncodeRequest(requestOf(s, schemas.OperationEmbeddings))) }},
		{&bifrostv1.EmbeddingResponse{}, func() ([]byte, error) { return bodyOf(EncodeResponse(answerOf(s, schemas.OperationEmbeddings))) }},
	}, {
		{&bifrostv1.ChatRequest{}, func() ([]byte, error) {
			return bodyOf(EncodeRequest(&schemas.Request{Operation: schemas.OperationChat, Chat: &schemas.ChatRequest{ToolChoice: &schemas.ToolChoice{Mode: "auto"}}}))
		}},
		{&bifrostv1.ChatResponse{}, func() ([]byte, error) { return marshalChat(&schemas.ChatResponse{}) }},
		{&bifrostv1.ChatResponse{}, func() ([]byte, error) {
			return marshalChat(&schemas.ChatResponse{Choices: []schemas.ChatChoice{{Message: schemas.AssistantMessage("")}}})
		}},
		{&bifrostv1.ChatChunk{}, func() ([]byte, error) { return marshalChunk(&schemas.ChatChunk{}) }},
		{&bifrostv1.EmbeddingRequest{}, func() ([]byte, error) {
			return bodyOf(EncodeRequest(&schemas.Request{Operation: schemas.OperationEmbeddings, Embedding: &schemas.EmbeddingRequest{}}))
		}},
		{&bifrostv1.EmbeddingResponse{}, func() ([]byte, error) { return marshalEmbeddings(&schemas.EmbeddingResponse{}) }},
		{&bifrostv1.EmbeddingResponse{}, func() ([]byte, error) {
			return marshalEmbeddings(&schemas.EmbeddingResponse{Data: []schemas.Embedding{{}}})
		}},
	}} {
		for _, one := range list {
			body, err := one.body()
			if err == nil {
				err = proto.Unmarshal(body, one.m)
			}
			if err != nil {
				t.Fatalf("%T: %v", one.m, err)
			}
			eachField(one.m.ProtoReflect(), func(name string, set bool) {
				switch {
				case at == 0 && !set && !nothing[name]:
					t.Errorf("%s is empty", name)
				case at == 1 && set:
					delete(nothing, name)
				}
			})
		}
	}
	for name := range nothing {
		t.Errorf("%s is never set", name)
	}
}

func bodyOf(m interface{ GetBody() []byte }, err error) ([]byte, error) { return m.GetBody(), err }

// eachField calls f for each field of a message and of those in it.
func eachField(m protoreflect.Message, f func(name string, set bool)) {
	fields := m.Descriptor().Fields()
	for i := range fields.Len() {
		field := fields.Get(i)
		set := m.Has(field)
		f(string(m.Descriptor().Name())+"."+string(field.Name()), set)
		switch {
		case !set || field.Message() == nil || field.IsMap():
		case field.IsList():
			for j := range m.Get(field).List().Len() {
				eachField(m.Get(field).List().Get(j).Message(), f)
			}
		default:
			eachField(m.Get(field).Message(), f)
		}
	}
}

// readMessage decodes a chat request's body in protobuf.
func readMessage(m proto.Message, op schemas.Operation) (*schemas.Request, error) {
	body, err := proto.Marshal(m)
	if err != nil {
		return nil, err
	}
	return DecodeRequest(&bifrostv1.Request{Operation: string(op), BodyForm: asProto}, body)
}

func TestAMessageOfAnotherVersionIsRead(t *testing.T) {
	got, err := readMessage(&bifrostv1.ChatRequest{Tools: []*bifrostv1.Tool{{Raw: []byte("null")}}, Messages: []*bifrostv1.ChatMessage{{}},
		Extra: map[string][]byte{"x": {}}, NoMessages: true}, schemas.OperationChat)
	want := &schemas.ChatRequest{Tools: []schemas.Tool{{}}, Messages: []schemas.ChatMessage{{}}, Extra: map[string]json.RawMessage{"x": json.RawMessage("null")}}
	if err != nil || !reflect.DeepEqual(got.Chat, want) {
		t.Errorf("got  %s, %v\nwant %s", show(got), err, show(want))
	}
	const newer = "\xf2\x3f\x03new" // the field 1022
	var resp schemas.Response
	if err := unmarshalChat(&resp, []byte(newer+"\x2a\x06"+newer)); err != nil || !reflect.DeepEqual(resp.Chat, &schemas.ChatResponse{Choices: []schemas.ChatChoice{{}}}) {
		t.Errorf("got %s, %v", show(resp.Chat), err)
	}
	if chunk, err := DecodeChunk([]byte("\x2a\x00")); err != nil || len(chunk.Choices) != 1 {
		t.Errorf("got %s, %v", show(chunk), err)
	}
	if chunk, err := DecodeChunk(nil); err != nil || !reflect.DeepEqual(chunk, &schemas.ChatChunk{Choices: []schemas.ChunkChoice{}}) {
		t.Errorf("got %s, %v", show(chunk), err)
	}
}

func TestAMessageThatNoProviderCouldBeSentIsRefusedWithoutItsContent(t *testing.T) {
	secret := []byte("s3cret")
	for want, m := range map[string]*bifrostv1.ChatRequest{
		"its field tools.raw is no valid JSON":                 {Tools: []*bifrostv1.Tool{{Raw: secret}}},
		"its field tools.function.parameters is no":            {Tools: []*bifrostv1.Tool{{Function: &bifrostv1.ToolFunction{Parameters: secret}}}},
		"its field response_format.json_schema is":             {ResponseFormat: &bifrostv1.ResponseFormat{JsonSchema: secret}},
		"its field extra is":                                   {Extra: map[string][]byte{"s3cret": []byte(strings.Repeat("[", 20000))}},
		"its field temperature has an infinite number":         {Temperature: ptr(math.NaN())},
		"its field top_p has an infinite number":               {TopP: ptr(math.Inf(1))},
		"its field frequency_penalty has an infinite number":   {FrequencyPenalty: ptr(math.Inf(-1))},
		"its field presence_penalty has an infinite number, o": {PresencePenalty: ptr(math.NaN())},
	} {
		_, err := readMessage(m, schemas.OperationCountTokens)
		if !errors.Is(err, schemas.ErrInvalidRequest) || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "s3cret") {
			t.Errorf("want %q, got %v", want, err)
		}
	}
	_, err := readMessage(&bifrostv1.EmbeddingRequest{Extra: map[string][]byte{"s3cret": secret}}, schemas.OperationEmbeddings)
	if !errors.Is(err, schemas.ErrInvalidRequest) || strings.Contains(err.Error(), "s3cret") {
		t.Errorf("got %v", err)
	}
	for want, body := range map[string]string{
		"not the protobuf message": `{"model":"s3cret"}`,
		"it is not the":            "\n\x07s3cret\xff",
		"it has more than":         strings.Repeat("\x12\x00", maxFields+1),
		"has more than":            "\x12\x80\x80\x40" + strings.Repeat("\x1a\x00", 1<<19) + strings.Repeat("\x1a\x00", 10),
	} {
		_, err := DecodeRequest(&bifrostv1.Request{Operation: "chat", BodyForm: asProto}, []byte(body))
		if !errors.Is(err, schemas.ErrInvalidRequest) || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "s3cret") {
			t.Errorf("want %q, got %v", want, err)
		}
	}
	long := strings.Repeat("\x12\x03\n\x01u", 10)
	if _, err := DecodeRequest(&bifrostv1.Request{Operation: "chat", BodyForm: asProto}, []byte(strings.Repeat(long, maxFields/20))); err != nil {
		t.Errorf("as many fields as may be: %v", err)
	}
}

func TestAFormThatIsNotKnownIsRefused(t *testing.T) {
	for op, form := range map[schemas.Operation]bifrostv1.BodyForm{schemas.OperationChat: 2, schemas.OperationImage: asProto, schemas.OperationRerank: -1} {
		_, err := DecodeRequest(&bifrostv1.Request{Operation: string(op), BodyForm: form}, []byte("{}"))
		if !errors.Is(err, schemas.ErrInvalidRequest) || !strings.Contains(err.Error(), "send JSON") {
			t.Errorf("%s in the form %d: %v", op, form, err)
		}
		if _, err := DecodeResponse(op, &bifrostv1.Response{BodyForm: form}, []byte("{}")); !errors.Is(err, schemas.ErrUpstream) || !strings.Contains(err.Error(), "form") {
			t.Errorf("%s in the form %d: %v", op, form, err)
		}
	}
	if _, err := DecodeResponse(schemas.OperationChatStream, &bifrostv1.Response{BodyForm: 2, More: bifrostv1.More_MORE_CHUNKS}, nil); !errors.Is(err, schemas.ErrUpstream) {
		t.Errorf("a stream in the form 2: %v", err)
	}
}

func TestAnAskerIsAnsweredInJSONUnlessItTakesAnotherForm(t *testing.T) {
	const asJSON = bifrostv1.BodyForm_BODY_FORM_JSON
	for _, c := range []struct {
		resp     *schemas.Response
		as, want bifrostv1.BodyForm
	}{
		{&schemas.Response{Chat: &schemas.ChatResponse{}}, asProto, asProto},
		{&schemas.Response{Chat: &schemas.ChatResponse{}}, asJSON, asJSON},
		{&schemas.Response{Chat: &schemas.ChatResponse{}}, 2, asJSON},
		{&schemas.Response{Stream: noChunks{}}, asProto, asProto},
		{&schemas.Response{Stream: noChunks{}}, asJSON, asJSON},
		{&schemas.Response{Stream: noChunks{}}, 2, asJSON},
		{&schemas.Response{Tokens: &schemas.TokenCount{}}, asProto, asJSON},
		{&schemas.Response{Raw: &schemas.RawResponse{}}, asProto, asJSON},
	} {
		m, err := EncodeResponseAs(c.resp, c.as)
		if err != nil || m.GetBodyForm() != c.want {
			t.Errorf("%s for %s: %s, %v", show(c.resp), c.as, m.GetBodyForm(), err)
		}
	}
	if data, err := EncodeChunkAs(&schemas.ChatChunk{}, 2); err != nil || !isJSON(data) {
		t.Errorf("got %q, %v", data, err)
	}
}
