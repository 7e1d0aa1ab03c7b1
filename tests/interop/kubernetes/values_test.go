package kubernetes

import (
	"encoding/json"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	"sigs.k8s.io/yaml"
)

func readFile(t *testing.T, path string) []byte {
	t.Helper()
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return content
}

// What the schema checks is what values.yaml documents, and each value there has its comment or stands under one.
func TestEveryValueIsDocumentedAndChecked(t *testing.T) {
	documented, schema := object{}, object{}
	if err := yaml.UnmarshalStrict(readFile(t, chart+"/values.yaml"), &documented); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(readFile(t, chart+"/values.schema.json"), &schema); err != nil {
		t.Fatal(err)
	}
	// Helm's own.
	delete(schema["properties"].(object), "global")
	compare(t, "", documented, schema)
}

func compare(t *testing.T, path string, documented, schema object) {
	t.Helper()
	properties, has := schema["properties"].(object)
	if !has || schema["additionalProperties"] != false {
		return
	}
	here, there := slices.Sorted(maps.Keys(documented)), slices.Sorted(maps.Keys(properties))
	if !slices.Equal(here, there) {
		t.Errorf("%q: values.yaml has %v, the schema %v", path, here, there)
	}
	for name, value := range documented {
		inner, isObject := value.(object)
		if of, known := properties[name].(object); isObject && known {
			compare(t, path+name+".", inner, of)
		}
	}
}

// The values in docs/kubernetes.md install an agent.
func TestTheGuidesValuesInstallAnAgent(t *testing.T) {
	_, rest, found := strings.Cut(string(readFile(t, "../../../docs/kubernetes.md")), "```yaml\n")
	values, _, ended := strings.Cut(rest, "```")
	if !found || !ended {
		t.Fatal("the guide shows no values")
	}
	objects := mustRender(t, values)
	if objects["Deployment/kmsak"] == nil || objects["ConfigMap/kmsak"]["data"].(object)["clients.toml"] == nil {
		t.Fatalf("%v", names(objects))
	}
}
