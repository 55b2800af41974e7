package bifrostv1_test

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"google.golang.org/protobuf/reflect/protoreflect"

	"bifrost/remote/bifrostv1"
)

// The file has all fields that nodes have ever sent, and is only added to: "go test" says
// which lines are missing. A field that is not used any more becomes a reserved number in
// its message, and its line stays.
const fieldsFile = "testdata/fields.txt"

func TestFieldsKeepTheirNumbersAndTypes(t *testing.T) {
	data, err := os.ReadFile(fieldsFile)
	if err != nil {
		t.Fatal(err)
	}
	written := strings.Split(strings.TrimSpace(string(data)), "\n")
	var there []string
	reserved := map[string]bool{}
	for _, file := range []protoreflect.FileDescriptor{bifrostv1.File_remote_bifrostv1_bifrost_proto, bifrostv1.File_remote_bifrostv1_content_proto} {
		for i := range file.Messages().Len() {
			m := file.Messages().Get(i)
			for j := range m.Fields().Len() {
				there = append(there, line(m.Fields().Get(j)))
			}
			for _, line := range written {
				var number int
				name, _, _ := strings.Cut(line, ".")
				if _, err := fmt.Sscanf(line, string(m.Name())+".%d", &number); err == nil && name == string(m.Name()) {
					reserved[line] = m.ReservedRanges().Has(protoreflect.FieldNumber(number))
				}
			}
		}
	}
	for _, line := range there {
		if !slices.Contains(written, line) {
			t.Errorf("%s lacks the line: %s", fieldsFile, line)
		}
	}
	for _, line := range written {
		if !slices.Contains(there, line) && !reserved[line] {
			t.Errorf("the field is not there any more, and its number not reserved: %s", line)
		}
	}
}

// line describes what a field's bytes mean.
func line(f protoreflect.FieldDescriptor) string {
	kind := f.Kind().String()
	if f.IsMap() {
		kind = "map of " + f.MapKey().Kind().String() + " to " + f.MapValue().Kind().String()
	} else if f.Message() != nil {
		kind = string(f.Message().Name())
	} else if f.Enum() != nil {
		kind = string(f.Enum().Name())
	}
	return fmt.Sprintf("%s.%d %s %s %s", f.Parent().Name(), f.Number(), f.Name(), f.Cardinality(), kind)
}
