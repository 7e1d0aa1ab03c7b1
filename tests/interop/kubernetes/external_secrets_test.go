package kubernetes

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/url"
	"os"
	"strings"
	"testing"
	"text/template"

	"github.com/PaesslerAG/jsonpath"
	"kmsak.io/interop/running"
	"sigs.k8s.io/yaml"
)

const examples = "../../../examples/deploy/kubernetes/"

// An agent on the emulator's KMS: its address and token.
func agent(t *testing.T) (string, string) {
	t.Helper()
	folder := t.TempDir()
	running.Kmsak(t, new(any), "emulator", "--dir", folder)
	return running.Agent(t, folder)
}

type webhook struct {
	URL     string
	Headers map[string]string
	Result  struct{ JSONPath string }
	Secrets []struct {
		Name      string
		SecretRef struct{ Name, Key string }
	}
}

// The External Secrets Operator's webhook provider does this: templates of the reference and the Secrets, escaped in the URL alone,
// and a JSONPath of the same library.
func TestTheOperatorsTemplatesLeadToTheAccessKey(t *testing.T) {
	address, token := agent(t)
	content, err := os.ReadFile(examples + "external-secrets.yaml")
	if err != nil {
		t.Fatal(err)
	}
	documents := strings.Split(string(content), "\n---\n")
	var store struct {
		Spec struct{ Provider struct{ Webhook webhook } }
	}
	var external struct {
		Spec struct {
			Data []struct {
				SecretKey string
				RemoteRef struct{ Key, Property string }
			}
		}
	}
	if err := yaml.Unmarshal([]byte(documents[0]), &store); err != nil {
		t.Fatal(err)
	}
	if err := yaml.Unmarshal([]byte(documents[1]), &external); err != nil {
		t.Fatal(err)
	}
	hook := store.Spec.Provider.Webhook
	if len(external.Spec.Data) != 2 || len(hook.Secrets) != 1 {
		t.Fatalf("what is %v?", external)
	}
	for _, wanted := range external.Spec.Data {
		data := func(escape func(string) string) map[string]map[string]string {
			return map[string]map[string]string{
				"remoteRef":          {"key": escape(wanted.RemoteRef.Key), "property": escape(wanted.RemoteRef.Property)},
				hook.Secrets[0].Name: {hook.Secrets[0].SecretRef.Key: token},
			}
		}
		plain := data(func(text string) string { return text })
		location, err := url.Parse(render(t, hook.URL, data(url.QueryEscape)))
		if err != nil {
			t.Fatal(err)
		}
		request, err := http.NewRequest(http.MethodGet, address+location.EscapedPath(), nil)
		if err != nil {
			t.Fatal(err)
		}
		for name, value := range hook.Headers {
			request.Header.Set(name, render(t, value, plain))
		}
		answer, err := http.DefaultClient.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		defer answer.Body.Close()
		var body any
		if err := json.NewDecoder(answer.Body).Decode(&body); err != nil || answer.StatusCode != http.StatusOK {
			t.Fatalf("%v %v %v", answer.Status, body, err)
		}
		value, err := jsonpath.Get(render(t, hook.Result.JSONPath, plain), body)
		if err != nil {
			t.Fatal(err)
		}
		text, isText := value.(string)
		if !isText || text == "" || (wanted.SecretKey == "access-key-id" && !strings.HasPrefix(text, "LTAI")) {
			t.Fatalf("%s is %v", wanted.SecretKey, value)
		}
	}
}

func render(t *testing.T, text string, data map[string]map[string]string) string {
	t.Helper()
	parsed, err := template.New("webhook").Option("missingkey=error").Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	var result bytes.Buffer
	if err := parsed.Execute(&result, data); err != nil {
		t.Fatal(err)
	}
	return result.String()
}
