package surface_test

import (
	"errors"
	"net/http"
	"testing"

	"github.com/tidwall/gjson"

	"bifrost/internal/surface"
	"bifrost/schemas"
)

func TestModelsAreReadInEveryDialectOfCallers(t *testing.T) {
	list := &schemas.ModelList{Data: []schemas.Model{{ID: "a"}, {ID: "org/b:1"}}}
	for d, names := range map[schemas.Dialect][2]string{
		schemas.DialectOpenAI:    {"data.1.id", "id"},
		schemas.DialectAnthropic: {"data.1.id", "id"},
		schemas.DialectGemini:    {"models.1.name", "name"},
	} {
		for i, path := range []string{"/models", "/models/org%2Fb:1"} {
			call, err := surface.Translate(&schemas.RawRequest{Dialect: d, Method: http.MethodGet, Path: path})
			if err != nil || call.Request().Operation != schemas.OperationListModels {
				t.Fatalf("%s: got %v", d, err)
			}
			_, body, err := call.Encode(&schemas.Response{Models: list})
			if got := gjson.GetBytes(body, names[i]).Str; err != nil || got != "org/b:1" && got != "models/org/b:1" {
				t.Errorf("%s, %s: got %s, %v", d, path, body, err)
			}
		}
		call, err := surface.Translate(&schemas.RawRequest{Dialect: d, Method: http.MethodGet, Path: "/models/c"})
		if err != nil {
			t.Fatal(err)
		}
		if _, _, err := call.Encode(&schemas.Response{Models: list}); !errors.Is(err, schemas.ErrNotFound) {
			t.Errorf("%s: got %v", d, err)
		}
	}
}
