package dialect

import (
	"encoding/json"
	"reflect"
	"slices"
	"strings"
	"testing"
)

type node struct {
	Name  string          `json:"name"`
	Own   json.RawMessage `json:"own,omitempty"`
	Nodes []node          `json:"nodes"`
	Self  reader          `json:"self"`
	None  struct{}        `json:"none"`
	Never int             `json:"-"`
}

type reader struct{ Text string }

func TestFieldsThatAreNotReadAreNamedOnceByTheirPlace(t *testing.T) {
	shape := ShapeOf(reflect.TypeFor[struct {
		node
		List []*node `json:"list"`
	}](), map[reflect.Type]reflect.Type{reflect.TypeFor[reader](): reflect.TypeFor[[]node]()})
	for body, want := range map[string][]string{
		`{"more":1,"name":"a","list":{"name":"a"}}`:                                     nil,
		`{"list":[{"name":"a","x":1},{"x":2,"Never":3}]}`:                               {"list.Never", "list.x"},
		`{"list":{"x":{"y":1}}}`:                                                        {"list.x"},
		`{"nodes":[{"nodes":[{"nodes":[{"x":1}]}]}]}`:                                   {"nodes.nodes.nodes.x"},
		`{"self":[{"x":1}],"own":{"x":1},"none":{"x":1}}`:                               {"self.x"},
		`{"list":[{"a":null,"b":[],"c":{},"d":""},{"e":0,"f":false}]}`:                  {"list.e", "list.f"},
		`{"list":"text","nodes":7}`:                                                     nil,
		`not json`:                                                                      nil,
		`{"nodes":` + strings.Repeat(`[`, 1<<17) + strings.Repeat(`]`, 1<<17) + `}`:     nil,
		`{"nodes":` + strings.Repeat(`{"nodes":`, 1<<14) + strings.Repeat(`}`, 1<<14+1): nil,
	} {
		if got := shape.Unread([]byte(body)); !slices.Equal(got, want) {
			t.Errorf("%.80s: got %v, want %v", body, got, want)
		}
	}
}
