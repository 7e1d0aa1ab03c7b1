// kmsak-csi as the Secrets Store CSI Driver speaks to it: the driver's own gRPC client and its own way of writing a volume's files,
// from its Go module. Its provider client, which wraps these two, would bring all of Kubernetes' clients along.
package csi

import (
	"bytes"
	"context"
	"encoding/json"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/status"
	"kmsak.io/interop/running"
	"sigs.k8s.io/secrets-store-csi-driver/pkg/util/fileutil"
	"sigs.k8s.io/secrets-store-csi-driver/provider/v1alpha1"
)

const secret = "acs/ram/user/app"

// The driver tries again when a provider is not there for a moment.
const serviceConfig = `{"methodConfig": [{"name": [{"service": "v1alpha1.CSIDriverProvider"}], "waitForReady": true,
	"retryPolicy": {"MaxAttempts": 3, "InitialBackoff": "1s", "MaxBackoff": "10s", "BackoffMultiplier": 1.1,
	"RetryableStatusCodes": ["UNAVAILABLE"]}}]}`

// As the driver's provider client reaches a provider.
func newClient(t *testing.T, socket string) v1alpha1.CSIDriverProviderClient {
	t.Helper()
	connection, err := grpc.NewClient("passthrough:///"+socket, grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithContextDialer(func(ctx context.Context, path string) (net.Conn, error) {
			return (&net.Dialer{}).DialContext(ctx, "unix", path)
		}), grpc.WithDefaultServiceConfig(serviceConfig))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = connection.Close() })
	return v1alpha1.NewCSIDriverProviderClient(connection)
}

// As the driver mounts a volume: gives the versions of what lies in it.
func mount(t *testing.T, client v1alpha1.CSIDriverProviderClient, request *v1alpha1.MountRequest) (map[string]string, error) {
	t.Helper()
	limited, cancel := context.WithTimeout(context.Background(), 5*time.Minute)
	defer cancel()
	answer, err := client.Mount(limited, request)
	if err != nil {
		return nil, err
	}
	if answer.GetError().GetCode() != "" || len(answer.GetFiles()) == 0 {
		t.Fatalf("the driver takes this for a failure: %v", answer.GetError())
	}
	versions := map[string]string{}
	for _, one := range answer.GetObjectVersion() {
		versions[one.Id] = one.Version
	}
	return versions, fileutil.WritePayloads(request.TargetPath, answer.GetFiles())
}

func readFile(t *testing.T, parts ...string) string {
	t.Helper()
	content, err := os.ReadFile(filepath.Join(parts...))
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}

func text(t *testing.T, value any) string {
	t.Helper()
	written, err := json.Marshal(value)
	if err != nil {
		t.Fatal(err)
	}
	return string(written)
}

func TestAVolumeIsMountedAndRemountedThroughARotation(t *testing.T) {
	folder := t.TempDir()
	kms := filepath.Join(folder, "kms")
	var ready struct{ Admin string }
	running.Kmsak(t, &ready, "emulator", "--dir", kms)
	socket := filepath.Join(folder, "kmsak.sock")
	running.Program(t, os.Getenv("KMSAK_CSI_BIN"), "--socket", socket, "--tokens", filepath.Join(folder, "tokens"))

	_, rest, _ := strings.Cut(readFile(t, kms, "on_the_cloud.properties"), `"endpoint":"`)
	endpoint, _, _ := strings.Cut(rest, `"`)
	gateway := text(t, []any{map[string]any{"regionId": "cn-hangzhou", "endpoint": endpoint}})
	identity := map[string]string{}
	for _, name := range []string{"clientKey.json", "clientKey_Password.txt", "ca.pem"} {
		identity[name] = readFile(t, kms, name)
	}
	volume := filepath.Join(folder, "volume")
	if err := os.Mkdir(volume, 0o755); err != nil {
		t.Fatal(err)
	}
	request := func(secrets string) *v1alpha1.MountRequest {
		return &v1alpha1.MountRequest{
			Attributes: text(t, map[string]any{
				"configuration":                          "cache_client_dkms_config_info=" + gateway + "\nrotation_interval=200\njitter_interval=0",
				"secrets":                                secrets,
				"secretProviderClass":                    "app",
				"csi.storage.k8s.io/pod.name":            "app-1",
				"csi.storage.k8s.io/pod.namespace":       "apps",
				"csi.storage.k8s.io/pod.uid":             "1",
				"csi.storage.k8s.io/serviceAccount.name": "app",
			}),
			Secrets:    text(t, identity),
			TargetPath: volume,
			Permission: "420",
		}
	}
	client := newClient(t, socket)
	version, err := client.Version(context.Background(), &v1alpha1.VersionRequest{Version: "v1alpha1"})
	if err != nil || version.RuntimeName != "kmsak-csi" {
		t.Fatalf("%v %v", version, err)
	}
	class := request("- name: " + secret + "\n  fields: {AccessKeyId: id, AccessKeySecret: keys/secret}\n")
	first, err := mount(t, client, class)
	if err != nil {
		t.Fatal(err)
	}
	old, oldSecret := readFile(t, volume, "id"), readFile(t, volume, "keys", "secret")
	if !strings.HasPrefix(old, "LTAI") || oldSecret == "" {
		t.Fatalf("%q is no AccessKey", old)
	}
	answer, err := http.Post(ready.Admin+"/rotations", "application/json", bytes.NewBufferString(`{"secret": "`+secret+`"}`))
	if err != nil || answer.StatusCode >= 300 {
		t.Fatalf("%v %v", answer, err)
	}
	// As the driver polls.
	for {
		class.CurrentObjectVersion = []*v1alpha1.ObjectVersion{{Id: secret, Version: first[secret]}}
		again, err := mount(t, client, class)
		if err != nil {
			t.Fatal(err)
		}
		if again[secret] != first[secret] {
			break
		}
		time.Sleep(50 * time.Millisecond)
	}
	if readFile(t, volume, "id") == old || readFile(t, volume, "keys", "secret") == oldSecret {
		t.Fatal("the volume still holds the old AccessKey")
	}
	_, err = mount(t, client, request("- name: missing\n"))
	if status.Code(err) != codes.NotFound || !strings.Contains(err.Error(), "KMS has no secret missing") {
		t.Fatal(err)
	}
}
