// The Helm chart as Helm itself renders it, and what the operators' objects beside it ask of the agent.
package kubernetes

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"helm.sh/helm/v3/pkg/chart/loader"
	"helm.sh/helm/v3/pkg/chartutil"
	"helm.sh/helm/v3/pkg/engine"
	"sigs.k8s.io/yaml"
)

const chart = "../../../examples/deploy/helm/kmsak"

type object = map[string]any

// What the chart makes of these values, by kind and name, or why nothing.
func rendered(t *testing.T, values string) (map[string]object, error) {
	t.Helper()
	loaded, err := loader.Load(chart)
	if err != nil {
		t.Fatal(err)
	}
	given := object{}
	if err := yaml.Unmarshal([]byte(values), &given); err != nil {
		t.Fatal(err)
	}
	release := chartutil.ReleaseOptions{Name: "kmsak", Namespace: "apps", IsInstall: true}
	context, err := chartutil.ToRenderValues(loaded, given, release, chartutil.DefaultCapabilities)
	if err != nil {
		return nil, err
	}
	files, err := engine.Render(loaded, context)
	if err != nil {
		return nil, err
	}
	objects := map[string]object{}
	for name, content := range files {
		for _, document := range regexp.MustCompile(`(?m)^---\s*$`).Split(content, -1) {
			parsed := object{}
			if err := yaml.UnmarshalStrict([]byte(document), &parsed); err != nil {
				t.Fatalf("%s: %v\n%s", name, err, document)
			}
			if len(parsed) > 0 {
				objects[parsed["kind"].(string)+"/"+parsed["metadata"].(object)["name"].(string)] = parsed
			}
		}
	}
	return objects, nil
}

func mustRender(t *testing.T, values string) map[string]object {
	t.Helper()
	objects, err := rendered(t, values)
	if err != nil {
		t.Fatal(err)
	}
	return objects
}

func names(objects map[string]object) []string {
	list := []string{}
	for name := range objects {
		list = append(list, name)
	}
	slices.Sort(list)
	return list
}

const everything = `
configuration: |
  cache_client_dkms_config_info=[{"regionId":"cn-hangzhou","clientKeyFile":"/etc/kmsak/client-key/clientKey.json"}]
clientKeySecret: kmsak-client-key
secrets: [acs/ram/user/app]
anySecret: 10
clients:
  - {name: billing, uids: [10002], gids: [10003], tokenSecret: billing-token, certificates: [billing.apps.svc], secrets: ["billing/*"]}
agent: {tls: {secret: kmsak-tls, clientCa: true}, kmsAgent: {enabled: true, responseType: 2}}
node: {enabled: true}
csi: {enabled: true, allowOwnIdentity: true}
metrics: {serviceMonitor: true, alerts: true, dashboard: true, labels: {release: prometheus}}
`

func TestTheExamplesStandBesideTheChart(t *testing.T) {
	installed := mustRender(t, everything)
	files, err := filepath.Glob(examples + "*.yaml")
	if err != nil || len(files) == 0 {
		t.Fatal(err, files)
	}
	for _, file := range files {
		for _, document := range strings.Split(string(readFile(t, file)), "\n---\n") {
			var one struct {
				Kind     string
				Metadata struct{ Name string }
			}
			if err := yaml.Unmarshal([]byte(document), &one); err != nil {
				t.Fatalf("%s: %v", file, err)
			}
			if name := one.Kind + "/" + one.Metadata.Name; installed[name] != nil || one.Metadata.Name == "" {
				t.Errorf("%s: %q is the chart's, or nothing", file, name)
			}
		}
	}
}

func TestWhatTheChartInstalls(t *testing.T) {
	all := names(mustRender(t, everything))
	wanted := []string{
		"ConfigMap/kmsak", "ConfigMap/kmsak-dashboard", "DaemonSet/kmsak-csi", "DaemonSet/kmsak-node", "Deployment/kmsak",
		"PrometheusRule/kmsak", "Service/kmsak", "ServiceAccount/kmsak", "ServiceMonitor/kmsak",
	}
	if !slices.Equal(all, wanted) {
		t.Fatalf("%v", all)
	}
	least := names(mustRender(t, "{configuration: x=y, agent: {tls: {secret: kmsak-tls}}}"))
	if !slices.Equal(least, []string{"ConfigMap/kmsak", "Deployment/kmsak", "Service/kmsak", "ServiceAccount/kmsak"}) {
		t.Fatalf("%v", least)
	}
	csi := names(mustRender(t, "{agent: {enabled: false}, csi: {enabled: true}}"))
	if !slices.Equal(csi, []string{"DaemonSet/kmsak-csi", "ServiceAccount/kmsak"}) {
		t.Fatalf("%v", csi)
	}
}

func TestValuesThatCannotWorkAreTold(t *testing.T) {
	for values, sentence := range map[string]string{
		"{configuration: x}":        "agent.tls.secret is empty: name a Secret of type kubernetes.io/tls",
		"{agent: {insecure: true}}": "configuration is empty: say which KMS is asked",
		"{configuration: x, agent: {insecure: true, tokenSecret: ''}}":                    "nobody could ask",
		"{configuration: x, agent: {insecure: true, tls: {clientCa: true}}}":              "agent.tls.clientCa needs agent.tls.secret",
		"{configuration: x, agent: {enabled: false}, node: {enabled: true}}":              "name clients with uids or gids",
		"{configuration: x, agent: {insecure: true, replica: 3}}":                         "replica",
		"{configuration: x, agent: {insecure: true, kmsAgent: {responseType: 3}}}":        "responseType",
		"{configuration: x, agent: {insecure: true}, clients: [{name: A, secrets: [a]}]}": "name",
		"{configuration: x, agent: {insecure: true}, clients: [{name: a, secrets: []}]}":  "secrets",
		"{configuration: x, agent: {insecure: true}, anySecret: -1}":                      "anySecret",
	} {
		if _, err := rendered(t, values); err == nil || !strings.Contains(err.Error(), sentence) {
			t.Errorf("%s: %v", values, err)
		}
	}
}

// Each container's volumes and command lines fit together, and the programs take them: whatever else is wrong here, the command line is
// not.
func TestThePodsAreWhole(t *testing.T) {
	for _, values := range []string{everything, "{configuration: x=y, agent: {insecure: true}}"} {
		for name, one := range mustRender(t, values) {
			if !strings.HasPrefix(name, "DaemonSet/") && !strings.HasPrefix(name, "Deployment/") {
				continue
			}
			pod := one["spec"].(object)["template"].(object)["spec"].(object)
			labels := one["spec"].(object)["template"].(object)["metadata"].(object)["labels"].(object)
			for label, value := range one["spec"].(object)["selector"].(object)["matchLabels"].(object) {
				if labels[label] != value {
					t.Errorf("%s selects %s=%v", name, label, value)
				}
			}
			volumes := map[string]bool{}
			for _, volume := range pod["volumes"].([]any) {
				volumes[volume.(object)["name"].(string)] = true
			}
			container := pod["containers"].([]any)[0].(object)
			folders := []string{}
			for _, mount := range container["volumeMounts"].([]any) {
				if !volumes[mount.(object)["name"].(string)] {
					t.Errorf("%s: there is no volume %v", name, mount)
				}
				delete(volumes, mount.(object)["name"].(string))
				folders = append(folders, mount.(object)["mountPath"].(string))
			}
			if len(volumes) > 0 {
				t.Errorf("%s: nobody mounts %v", name, volumes)
			}
			confined := container["securityContext"].(object)
			if confined["allowPrivilegeEscalation"] != false || confined["readOnlyRootFilesystem"] != true {
				t.Errorf("%s is not confined", name)
			}
			program := "kmsak"
			if command, has := container["command"]; has {
				program = command.([]any)[0].(string)
			}
			accepted(t, program, texts(container["args"]), folders)
			probe := texts(container["readinessProbe"].(object)["exec"].(object)["command"])
			accepted(t, probe[0], probe[1:], folders)
		}
	}
}

func texts(list any) []string {
	lines := []string{}
	for _, text := range list.([]any) {
		lines = append(lines, text.(string))
	}
	return lines
}

func accepted(t *testing.T, program string, arguments, folders []string) {
	t.Helper()
	binary := map[string]string{"kmsak": os.Getenv("KMSAK_BIN"), "kmsak-csi": os.Getenv("KMSAK_CSI_BIN")}[program]
	for _, argument := range arguments {
		_, path, has := strings.Cut(argument, "=/")
		if has && !slices.ContainsFunc(folders, func(folder string) bool { return strings.HasPrefix("/"+path, folder+"/") }) {
			t.Errorf("%s lies in no volume", argument)
		}
	}
	output, err := exec.Command(binary, arguments...).CombinedOutput()
	if exit, failed := err.(*exec.ExitError); !failed || exit.ExitCode() == 2 {
		t.Errorf("%s %v: %v: %s", program, arguments, err, output)
	}
}

// The clients file in the ConfigMap is one that the agent takes, but for the tokens that are not there.
func TestTheClientsFileIsTheAgents(t *testing.T) {
	values := strings.Replace(everything, "tokenSecret: billing-token, ", "", 1)
	data := mustRender(t, values)["ConfigMap/kmsak"]["data"].(object)
	folder := t.TempDir()
	write := func(name, content string) string {
		path := folder + "/" + name
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	clients := write("clients.toml", data["clients.toml"].(string))
	agent := write("kms-agent.toml", data["kms-agent.toml"].(string))
	properties := write("p.properties", data["managed_credentials_providers.properties"].(string))
	output, _ := exec.Command(os.Getenv("KMSAK_BIN"), "serve", "--kms-agent", "--kms-agent-config", agent, "--clients", clients,
		"--config", properties, "--listen", "127.0.0.1:0").CombinedOutput()
	// All of these were read before the ClientKey, which is nowhere.
	if !strings.Contains(string(output), "/etc/kmsak/client-key/clientKey.json") || strings.Contains(string(output), ".toml") {
		t.Fatalf("%s", output)
	}
}
