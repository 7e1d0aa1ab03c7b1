// kmsak-csi as the Secrets Store CSI Driver speaks to it: the driver's gRPC library with the driver's options, its messages, and
// its way of writing a volume's files. The driver's own module is not to be had from the Go proxy.
package csi

import (
	"bufio"
	"bytes"
	"context"
	_ "embed"
	"encoding/json"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/bufbuild/protocompile"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/dynamicpb"
)

const secret = "acs/ram/user/app"

// The driver tries again when a provider is not there for a moment.
const serviceConfig = `{"methodConfig": [{"name": [{"service": "v1alpha1.CSIDriverProvider"}], "waitForReady": true,
	"retryPolicy": {"MaxAttempts": 3, "InitialBackoff": "1s", "MaxBackoff": "10s", "BackoffMultiplier": 1.1,
	"RetryableStatusCodes": ["UNAVAILABLE"]}}]}`

//go:embed provider.proto
var source string

type response struct {
	ObjectVersion []struct{ Id, Version string }
	Files         []struct {
		Path     string
		Mode     os.FileMode
		Contents []byte
	}
	RuntimeName string
}

type driver struct {
	messages protoreflect.MessageDescriptors
	provider *grpc.ClientConn
}

func newDriver(t *testing.T, socket string) driver {
	t.Helper()
	compiler := protocompile.Compiler{Resolver: &protocompile.SourceResolver{
		Accessor: protocompile.SourceAccessorFromMap(map[string]string{"provider.proto": source}),
	}}
	files, err := compiler.Compile(context.Background(), "provider.proto")
	if err != nil {
		t.Fatal(err)
	}
	connection, err := grpc.NewClient("unix:"+socket, grpc.WithAuthority("localhost"),
		grpc.WithTransportCredentials(insecure.NewCredentials()), grpc.WithDefaultServiceConfig(serviceConfig))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = connection.Close() })
	return driver{files[0].Messages(), connection}
}

func (d driver) call(method string, request map[string]any) (answer response, err error) {
	written, err := json.Marshal(request)
	if err != nil {
		return answer, err
	}
	question := dynamicpb.NewMessage(d.messages.ByName(protoreflect.Name(method + "Request")))
	if err := protojson.Unmarshal(written, question); err != nil {
		return answer, err
	}
	said := dynamicpb.NewMessage(d.messages.ByName(protoreflect.Name(method + "Response")))
	limited, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	if err := d.provider.Invoke(limited, "/v1alpha1.CSIDriverProvider/"+method, question, said); err != nil {
		return answer, err
	}
	read, err := protojson.Marshal(proto.Message(said))
	if err != nil {
		return answer, err
	}
	return answer, json.Unmarshal(read, &answer)
}

// All of a volume's files change at once: they lie behind a link that is replaced.
func (d driver) mount(target string, request map[string]any) (response, error) {
	answer, err := d.call("Mount", request)
	if err != nil {
		return answer, err
	}
	folder, err := os.MkdirTemp(target, "..")
	if err != nil {
		return answer, err
	}
	for _, file := range answer.Files {
		path := filepath.Join(folder, file.Path)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return answer, err
		}
		if err := os.WriteFile(path, file.Contents, file.Mode); err != nil {
			return answer, err
		}
	}
	if err := os.Symlink(filepath.Base(folder), filepath.Join(target, "..new")); err != nil {
		return answer, err
	}
	return answer, os.Rename(filepath.Join(target, "..new"), filepath.Join(target, "..data"))
}

// The program may be one with what runs it before it, as in `qemu-aarch64 kmsak-csi`.
func start(t *testing.T, program string, arguments ...string) *bufio.Reader {
	t.Helper()
	words := append(strings.Fields(program), arguments...)
	command := exec.Command(words[0], words[1:]...)
	output, err := command.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = command.Process.Kill(); _ = command.Wait() })
	return bufio.NewReader(output)
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
	line, err := start(t, os.Getenv("KMSAK_BIN"), "emulator", "--dir", kms).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	var ready struct{ Admin string }
	if err := json.Unmarshal([]byte(line), &ready); err != nil {
		t.Fatal(err)
	}
	socket := filepath.Join(folder, "kmsak.sock")
	start(t, os.Getenv("KMSAK_CSI_BIN"), "--socket", socket, "--tokens", filepath.Join(folder, "tokens"))

	_, rest, _ := strings.Cut(readFile(t, kms, "on_the_cloud.properties"), `"endpoint":"`)
	endpoint, _, _ := strings.Cut(rest, `"`)
	gateway := text(t, []any{map[string]any{"regionId": "cn-hangzhou", "endpoint": endpoint}})
	identity := map[string]string{}
	for _, name := range []string{"clientKey.json", "clientKey_Password.txt", "ca.pem"} {
		identity[name] = readFile(t, kms, name)
	}
	request := func(secrets string) map[string]any {
		return map[string]any{
			"attributes": text(t, map[string]any{
				"configuration":                          "cache_client_dkms_config_info=" + gateway + "\nrotation_interval=200\njitter_interval=0",
				"secrets":                                secrets,
				"secretProviderClass":                    "app",
				"csi.storage.k8s.io/pod.name":            "app-1",
				"csi.storage.k8s.io/pod.namespace":       "apps",
				"csi.storage.k8s.io/pod.uid":             "1",
				"csi.storage.k8s.io/serviceAccount.name": "app",
			}),
			"secrets":    text(t, identity),
			"targetPath": folder,
			"permission": "420",
		}
	}
	driver := newDriver(t, socket)
	version, err := driver.call("Version", map[string]any{"version": "v1alpha1"})
	if err != nil || version.RuntimeName != "kmsak-csi" {
		t.Fatalf("%v %v", version, err)
	}
	class := request("- name: " + secret + "\n  fields: {AccessKeyId: id, AccessKeySecret: keys/secret}\n")
	volume := filepath.Join(folder, "volume")
	if err := os.Mkdir(volume, 0o755); err != nil {
		t.Fatal(err)
	}
	first, err := driver.mount(volume, class)
	if err != nil {
		t.Fatal(err)
	}
	old, oldSecret := readFile(t, volume, "..data", "id"), readFile(t, volume, "..data", "keys", "secret")
	if !strings.HasPrefix(old, "LTAI") || oldSecret == "" {
		t.Fatalf("%q is no AccessKey", old)
	}
	answer, err := http.Post(ready.Admin+"/rotations", "application/json", bytes.NewBufferString(`{"secret": "`+secret+`"}`))
	if err != nil || answer.StatusCode >= 300 {
		t.Fatalf("%v %v", answer, err)
	}
	// As the driver polls.
	for {
		class["currentObjectVersion"] = []any{map[string]any{"id": secret, "version": first.ObjectVersion[0].Version}}
		again, err := driver.mount(volume, class)
		if err != nil {
			t.Fatal(err)
		}
		if again.ObjectVersion[0].Version != first.ObjectVersion[0].Version {
			break
		}
		time.Sleep(50 * time.Millisecond)
	}
	if readFile(t, volume, "..data", "id") == old || readFile(t, volume, "..data", "keys", "secret") == oldSecret {
		t.Fatal("the volume still holds the old AccessKey")
	}
	_, err = driver.mount(volume, request("- name: missing\n"))
	if status.Code(err) != codes.NotFound || !strings.Contains(err.Error(), "KMS has no secret missing") {
		t.Fatal(err)
	}
}
