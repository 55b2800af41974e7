package codec

import (
	"encoding/json"
	"fmt"
	"math"
	"net/http"
	"reflect"
	"strings"

	"pgregory.net/rapid"

	"bifrost/schemas"
)

// notSent are the fields that do not travel, by type and name, and why.
var notSent = map[string]string{
	"Request.Provider":               "the receiver knows which of its providers was asked",
	"ChatRequest.Provider":           "as Request.Provider",
	"CompletionRequest.Provider":     "as Request.Provider",
	"EmbeddingRequest.Provider":      "as Request.Provider",
	"RerankRequest.Provider":         "as Request.Provider",
	"ModerationRequest.Provider":     "as Request.Provider",
	"ImageRequest.Provider":          "as Request.Provider",
	"SpeechRequest.Provider":         "as Request.Provider",
	"TranscriptionRequest.Provider":  "as Request.Provider",
	"ChatRequest.Fallbacks":          "the asker asks them",
	"CompletionRequest.Fallbacks":    "as in ChatRequest",
	"EmbeddingRequest.Fallbacks":     "as in ChatRequest",
	"RerankRequest.Fallbacks":        "as in ChatRequest",
	"ModerationRequest.Fallbacks":    "as in ChatRequest",
	"ImageRequest.Fallbacks":         "as in ChatRequest",
	"SpeechRequest.Fallbacks":        "as in ChatRequest",
	"TranscriptionRequest.Fallbacks": "as in ChatRequest",
	"Served.Fallback":                "the asker knows which of its fallbacks it asked",
	"ChatResponse.Served":            "the client fills it in from that of the Response",
	"CompletionResponse.Served":      "as in ChatResponse",
	"EmbeddingResponse.Served":       "as in ChatResponse",
	"RerankResponse.Served":          "as in ChatResponse",
	"ModerationResponse.Served":      "as in ChatResponse",
	"ImageResponse.Served":           "as in ChatResponse",
	"TranscriptionResponse.Served":   "as in ChatResponse",
	"Response.Stream":                "its chunks are sent one by one",
	"RawResponse.Body":               "it is sent in pieces",
}

// A source chooses values: by chance, or so that nothing is empty.
type source interface {
	pick(n int) int // 0 to n-1; of several that count, never 0 if nothing may be empty
}

type chance struct{ t *rapid.T }

func (c chance) pick(n int) int { return rapid.IntRange(0, n-1).Draw(c.t, "pick") }

// fullness counts up, so that no two values are the same.
type fullness struct{ n int }

func (f *fullness) pick(n int) int {
	f.n++
	return 1 + f.n%(n-1)
}

var (
	drawnTexts = []string{"", "text", "é 日本\U0001F600", `"quoted" \ </script>&`, "line\n\u2028\x00\ttab", "\uFFFD", "function", strings.Repeat("long ", 50)}
	drawnInts  = []int64{0, 1, -1, math.MaxInt32, math.MaxInt64, math.MinInt64, 1<<53 + 1}
	drawnReals = []float64{0, 0.1, -1.5, 1e300, math.SmallestNonzeroFloat64, math.MaxFloat64, 123456789.12345679}
	drawnJSON  = []string{"", "null", `{"b":1,"a":12345678901234567890.10,"b":2}`, `"<é\u00e9>&"`, `[]`, `{}`, `[[0.10,-0,1E+2]]`, `true`}
	drawnNames = []string{"x", "model", "Model", "MESSAGES", "bifrost", "Bifrost", "stream", "stream_options", "tools", "é\n<", "", "file", "input"}
)

// drawn returns a T of the source. Fields that do not travel are empty.
func drawn[T any](s source) *T {
	out := new(T)
	drawInto(s, reflect.ValueOf(out).Elem())
	return out
}

func drawInto(s source, v reflect.Value) {
	if v.Type() == reflect.TypeFor[json.RawMessage]() {
		if raw := drawnJSON[s.pick(len(drawnJSON))]; raw != "" {
			v.SetBytes([]byte(raw))
		}
		return
	}
	switch v.Kind() {
	case reflect.Struct:
		for i := range v.NumField() {
			if _, out := notSent[v.Type().Name()+"."+v.Type().Field(i).Name]; !out {
				drawInto(s, v.Field(i))
			}
		}
	case reflect.Pointer:
		if s.pick(3) > 0 {
			v.Set(reflect.New(v.Type().Elem()))
			drawInto(s, v.Elem())
		}
	case reflect.Slice:
		if n := s.pick(4); n > 0 {
			drawList(s, v, n)
		}
	case reflect.Map:
		if n := s.pick(4); n > 0 {
			drawMap(s, v, n)
		}
	case reflect.String:
		v.SetString(drawnTexts[s.pick(len(drawnTexts))])
	case reflect.Int, reflect.Int64:
		v.SetInt(drawnInts[s.pick(len(drawnInts))])
	case reflect.Float64:
		v.SetFloat(drawnReals[s.pick(len(drawnReals))])
	case reflect.Bool:
		v.SetBool(s.pick(2) > 0)
	case reflect.Uint8:
		v.SetUint(uint64(s.pick(256)))
	default:
		panic(fmt.Sprintf("a field of type %s: say here how it is drawn, or in notSent why it is not sent", v.Type()))
	}
}

// drawList makes a list that is empty but not nil of n = 1, if chance may.
func drawList(s source, v reflect.Value, n int) {
	if _, full := s.(*fullness); full {
		n = 3
	}
	v.Set(reflect.MakeSlice(v.Type(), n-1, n-1))
	for i := range v.Len() {
		drawInto(s, v.Index(i))
	}
}

func drawMap(s source, v reflect.Value, n int) {
	if _, full := s.(*fullness); full {
		n = 3
	}
	v.Set(reflect.MakeMap(v.Type()))
	for range n - 1 {
		value := reflect.New(v.Type().Elem()).Elem()
		drawInto(s, value)
		v.SetMapIndex(reflect.ValueOf(drawnNames[s.pick(len(drawnNames))]), value)
	}
}

// expected changes a drawn value to what doc.go says of how it arrives.
func expected(v reflect.Value) {
	switch v.Kind() {
	case reflect.Pointer:
		if !v.IsNil() {
			expected(v.Elem())
		}
	case reflect.Slice:
		for i := range v.Len() {
			expected(v.Index(i))
		}
	case reflect.Struct:
		for i := range v.NumField() {
			expectField(v.Field(i), v.Type().Field(i))
		}
	}
	switch u := v.Addr().Interface().(type) {
	case *schemas.Content:
		if u.Parts != nil {
			u.Text = ""
		}
	case *schemas.ToolChoice:
		if u.Function != "" {
			u.Mode = ""
		}
	case *schemas.Served:
		u.Attempts = int(small(u.Attempts))
		u.Waited, u.FirstContent = max(0, u.Waited), max(0, u.FirstContent)
	case *schemas.RawResponse:
		u.StatusCode = int(small(u.StatusCode))
	}
}

func expectField(v reflect.Value, f reflect.StructField) {
	switch own := v.Addr().Interface().(type) {
	case *http.Header:
		for name, values := range *own {
			if len(values) == 0 {
				(*own)[name] = nil
			}
		}
	case *map[string]json.RawMessage:
		for name, value := range *own {
			if len(value) == 0 {
				(*own)[name] = json.RawMessage("null")
			}
		}
	case *json.RawMessage:
		switch tag := f.Tag.Get("json"); {
		case len(*own) == 0 && tag != "-" && !strings.HasSuffix(tag, ",omitempty"):
			*own = json.RawMessage("null")
		case f.Name == "Raw" && string(*own) == "null": // of a tool
			*own = nil
		}
	}
	expected(v)
	tag := f.Tag.Get("json")
	told := f.Name == "File" || f.Name == "Parts" || tag != "" && tag != "-" && !strings.HasSuffix(tag, ",omitempty")
	if k := v.Kind(); (k == reflect.Slice || k == reflect.Map) && v.Len() == 0 && !told {
		v.SetZero()
	}
}
