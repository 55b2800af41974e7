package codec

import (
	"go/ast"
	"go/parser"
	"go/token"
	"reflect"
	"strconv"
	"testing"

	"google.golang.org/protobuf/proto"
	"pgregory.net/rapid"

	"bifrost/remote/bifrostv1"
	"bifrost/schemas"
)

// ownFields name the operation's own field of Request and of Response.
var ownFields = map[schemas.Operation][2]string{
	schemas.OperationChat:          {"Chat", "Chat"},
	schemas.OperationChatStream:    {"Chat", "Stream"},
	schemas.OperationCountTokens:   {"Chat", "Tokens"},
	schemas.OperationCompletion:    {"Completion", "Completion"},
	schemas.OperationEmbeddings:    {"Embedding", "Embedding"},
	schemas.OperationRerank:        {"Rerank", "Rerank"},
	schemas.OperationModeration:    {"Moderation", "Moderation"},
	schemas.OperationImage:         {"Image", "Image"},
	schemas.OperationSpeech:        {"Speech", "Raw"},
	schemas.OperationTranscription: {"Transcription", "Transcription"},
	schemas.OperationTranslation:   {"Transcription", "Transcription"},
	schemas.OperationListModels:    {"", "Models"},
	schemas.OperationRaw:           {"Raw", "Raw"},
}

// sent returns m as it comes out of the connection.
func sent[M proto.Message](t testing.TB, m M) M {
	t.Helper()
	data, err := proto.Marshal(m)
	if err != nil {
		t.Fatal(err)
	}
	out := m.ProtoReflect().New().Interface()
	if err := proto.Unmarshal(data, out); err != nil {
		t.Fatal(err)
	}
	return out.(M)
}

// drawOwn sets the field of that name, a pointer, to what s has.
func drawOwn(s source, of any, name string) {
	if field := reflect.ValueOf(of).Elem().FieldByName(name); name != "" && name != "Stream" {
		field.Set(reflect.New(field.Type().Elem()))
		drawInto(s, field.Elem())
	}
}

func requestOf(s source, op schemas.Operation) *schemas.Request {
	req := &schemas.Request{Operation: op, Model: drawnTexts[s.pick(len(drawnTexts))]}
	drawOwn(s, req, ownFields[op][0])
	return req
}

// answerOf is without the stream of a streamed one.
func answerOf(s source, op schemas.Operation) *schemas.Response {
	resp := &schemas.Response{Served: *drawn[schemas.Served](s)}
	drawOwn(s, resp, ownFields[op][1])
	return resp
}

// tester is *testing.T or *rapid.T.
type tester interface {
	Helper()
	Fatalf(format string, args ...any)
}

// bodyForms are all of bifrost.v1.
var bodyForms = []bifrostv1.BodyForm{bifrostv1.BodyForm_BODY_FORM_JSON, bifrostv1.BodyForm_BODY_FORM_PROTO}

func checkRequest(t tester, tb testing.TB, req *schemas.Request) {
	t.Helper()
	messages := make([]*bifrostv1.Request, len(bodyForms))
	for i, as := range bodyForms {
		m, err := EncodeRequestAs(req, as)
		if err != nil {
			t.Fatalf("%s: %v", req.Operation, err)
		}
		messages[i] = sent(tb, m)
	}
	expected(reflect.ValueOf(req).Elem())
	for _, m := range messages {
		got, err := DecodeRequest(m, m.GetBody())
		if err != nil {
			t.Fatalf("%s: %v\nfrom %q", req.Operation, err, m.GetBody())
		}
		if !reflect.DeepEqual(got, req) {
			t.Fatalf("%s:\ngot  %s\nwant %s\nfrom %q", req.Operation, show(got), show(req), m.GetBody())
		}
	}
}

func checkAnswer(t tester, tb testing.TB, op schemas.Operation, resp *schemas.Response) {
	t.Helper()
	if ownFields[op][1] == "Stream" {
		resp.Stream = noChunks{}
	}
	messages := make([]*bifrostv1.Response, len(bodyForms))
	for i, as := range bodyForms {
		m, err := EncodeResponseAs(resp, as)
		if err != nil {
			t.Fatalf("%s: %v", op, err)
		}
		messages[i] = sent(tb, m)
	}
	resp.Stream = nil
	expected(reflect.ValueOf(resp).Elem())
	for _, m := range messages {
		got, err := DecodeResponse(op, m, m.GetBody())
		if err != nil {
			t.Fatalf("%s: %v\nfrom %q", op, err, m.GetBody())
		}
		if !reflect.DeepEqual(got, resp) {
			t.Fatalf("%s:\ngot  %s\nwant %s\nfrom %q", op, show(got), show(resp), m.GetBody())
		}
	}
}

type noChunks struct{ schemas.ChunkReader }

func TestEveryRequestArrivesAsItWasSent(t *testing.T) {
	for op := range ownFields {
		t.Run(string(op), rapid.MakeCheck(func(rt *rapid.T) { checkRequest(rt, t, requestOf(chance{rt}, op)) }))
	}
}

func TestEveryAnswerArrivesAsItWasSent(t *testing.T) {
	for op := range ownFields {
		t.Run(string(op), rapid.MakeCheck(func(rt *rapid.T) { checkAnswer(rt, t, op, answerOf(chance{rt}, op)) }))
	}
}

func TestEveryFieldOfRequestsAndAnswersArrives(t *testing.T) {
	for op := range ownFields {
		checkRequest(t, t, requestOf(&fullness{}, op))
		checkAnswer(t, t, op, answerOf(&fullness{}, op))
	}
}

func checkChunk(t tester, chunk *schemas.ChatChunk) {
	t.Helper()
	all := make([][]byte, len(bodyForms))
	for i, as := range bodyForms {
		data, err := EncodeChunkAs(chunk, as)
		if err != nil {
			t.Fatalf("%v", err)
		}
		all[i] = data
	}
	expected(reflect.ValueOf(chunk).Elem())
	for _, data := range all {
		got, err := DecodeChunk(data)
		if err != nil || !reflect.DeepEqual(got, chunk) {
			t.Fatalf("got %s, %v\nwant %s\nfrom %q", show(got), err, show(chunk), data)
		}
	}
}

func TestEveryChunkArrivesAsItWasSent(t *testing.T) {
	checkChunk(t, drawn[schemas.ChatChunk](&fullness{}))
	rapid.Check(t, func(t *rapid.T) { checkChunk(t, drawn[schemas.ChatChunk](chance{t})) })
}

func checkInfo(t tester, want *schemas.ProviderInfo) {
	t.Helper()
	data, err := EncodeInfo(*want)
	if err != nil {
		t.Fatalf("%v", err)
	}
	if got, err := DecodeInfo(data); err != nil || !reflect.DeepEqual(got, *want) {
		t.Fatalf("got %+v, %v\nwant %+v\nfrom %s", got, err, *want, data)
	}
}

func TestEveryDescriptionOfAProviderArrivesAsItWasSent(t *testing.T) {
	checkInfo(t, drawn[schemas.ProviderInfo](&fullness{}))
	rapid.Check(t, func(t *rapid.T) { checkInfo(t, drawn[schemas.ProviderInfo](chance{t})) })
}

// A field that is added to schemas is in one of the tests above only if its operation is.
func TestEveryOperationAndFieldIsInTheTestsOfThisPackage(t *testing.T) {
	for _, op := range constants(t, "request.go", "Operation") {
		switch op := schemas.Operation(op); op {
		case schemas.OperationResponses, schemas.OperationFiles, schemas.OperationBatches: // made as raw calls
		default:
			if _, there := ownFields[op]; !there {
				t.Errorf("the operation %s is not in ownFields", op)
			}
		}
	}
	for side, typ := range []reflect.Type{reflect.TypeFor[schemas.Request](), reflect.TypeFor[schemas.Response]()} {
		in := map[string]bool{"Operation": true, "Provider": true, "Model": true, "Served": true}
		for _, fields := range ownFields {
			in[fields[side]] = true
		}
		for i := range typ.NumField() {
			if name := typ.Field(i).Name; !in[name] {
				t.Errorf("the field %s.%s is not in ownFields", typ.Name(), name)
			}
		}
	}
}

// constants returns the values of the constants of a type in a file of schemas.
func constants(t *testing.T, file, typ string) (values []string) {
	t.Helper()
	f, err := parser.ParseFile(token.NewFileSet(), "../../schemas/"+file, nil, parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	ast.Inspect(f, func(n ast.Node) bool {
		if spec, ok := n.(*ast.ValueSpec); ok {
			if name, ok := spec.Type.(*ast.Ident); ok && name.Name == typ && len(spec.Values) == 1 {
				if value, err := strconv.Unquote(spec.Values[0].(*ast.BasicLit).Value); err == nil {
					values = append(values, value)
				}
			}
		}
		return true
	})
	if len(values) < 3 {
		t.Fatalf("found %d constants of %s in %s", len(values), typ, file)
	}
	return values
}

func TestARawCallArrivesAsItWasSent(t *testing.T) {
	req := &schemas.Request{Operation: schemas.OperationRaw, Model: "m", Raw: &schemas.RawRequest{
		Dialect: schemas.DialectGemini, Method: "POST", Path: "/models/m:generateContent", Query: "alt=sse&a=%20",
		Header: map[string][]string{"X-B": {"2", "1", ""}, "x-odd": {"é", "\xe9"}, "A": nil}, Body: []byte("\x00\xff{"),
	}}
	m, err := EncodeRequest(req)
	if err != nil {
		t.Fatal(err)
	}
	m = sent(t, m)
	if got, err := DecodeRequest(m, m.GetBody()); err != nil || !reflect.DeepEqual(got, req) {
		t.Errorf("got %+v, %v", got.Raw, err)
	}
	var order []string
	for _, h := range m.GetRaw().GetHeader() {
		order = append(order, h.GetName())
	}
	if !reflect.DeepEqual(order, []string{"A", "X-B", "x-odd"}) {
		t.Errorf("the header's order is %v", order)
	}
	if m, err := EncodeResponse(&schemas.Response{Raw: &schemas.RawResponse{StatusCode: 201}}); err != nil ||
		m.GetMore() != bifrostv1.More_MORE_BYTES || m.GetRaw().GetStatus() != 201 {
		t.Errorf("got %v, %v", m, err)
	}
}
