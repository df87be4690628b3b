package public

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"testing"

	"github.com/invopop/jsonschema"
)

var update = flag.Bool("update", false, "write the schemas again")

func TestSchemasAreThoseOfTheShapes(t *testing.T) {
	for name, shape := range map[string]any{"ledger": ledgerData{}, "statistics": statisticsData{}} {
		got := schemaOf(t, shape)
		file := "schema/" + name + ".json"
		if *update {
			if err := os.WriteFile(file, got, 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(got, want) {
			t.Errorf("%s is not the shape's; run with -update and look at the difference", file)
		}
	}
}

// schemaOf is the schema of a shape. What is added later breaks nobody who
// checks by an older one.
func schemaOf(t *testing.T, shape any) []byte {
	t.Helper()
	r := jsonschema.Reflector{ExpandedStruct: true, Anonymous: true, AllowAdditionalProperties: true}
	raw, err := json.MarshalIndent(r.Reflect(shape), "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	return append(raw, '\n')
}
