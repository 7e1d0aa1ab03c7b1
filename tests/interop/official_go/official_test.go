// The official Go SDKs against a running emulator, whose folder KMS names: kms-20160120 with an AccessKey and with a
// token of STS through both gateways, alibabacloud-dkms-gcs-go-sdk with a ClientKey through the instance gateway.
package official

import (
	"bytes"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	openapi "github.com/alibabacloud-go/darabonba-openapi/v2/client"
	kms "github.com/alibabacloud-go/kms-20160120/v3/client"
	"github.com/alibabacloud-go/tea/tea"
	dkmsopenapi "github.com/aliyun/alibabacloud-dkms-gcs-go-sdk/openapi"
	dkms "github.com/aliyun/alibabacloud-dkms-gcs-go-sdk/sdk"
)

const secret = "acs/ram/user/app"

func read(t *testing.T, name string) string {
	t.Helper()
	content, err := os.ReadFile(filepath.Join(os.Getenv("KMS"), name))
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}

type ready struct {
	Admin     string
	Endpoints map[string]string
	Operator  struct{ AccessKeyId, AccessKeySecret string }
}

func emulator(t *testing.T) ready {
	t.Helper()
	var place ready
	if err := json.Unmarshal([]byte(read(t, "admin.json")), &place); err != nil {
		t.Fatal(err)
	}
	return place
}

func (place ready) host(t *testing.T, endpoint string) *string {
	t.Helper()
	where, err := url.Parse(place.Endpoints[endpoint])
	if err != nil {
		t.Fatal(err)
	}
	return &where.Host
}

func (place ready) post(t *testing.T, path string, body string) map[string]string {
	t.Helper()
	response, err := http.Post(place.Admin+path, "application/json", bytes.NewBufferString(body))
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	var answer map[string]string
	if err := json.NewDecoder(response.Body).Decode(&answer); err != nil || response.StatusCode != 200 {
		t.Fatal(response.Status, answer, err)
	}
	return answer
}

// followARotation asks twice, with a rotation in between.
func followARotation(t *testing.T, place ready, accessKeyID func() string) {
	t.Helper()
	before := accessKeyID()
	rotation := place.post(t, "/rotations", `{"secret": "`+secret+`"}`)
	if rotation["oldAccessKeyId"] != before {
		t.Errorf("got %q, the current AccessKey was %q", before, rotation["oldAccessKeyId"])
	}
	if after := accessKeyID(); after != rotation["newAccessKeyId"] {
		t.Errorf("got %q after the rotation, want %q", after, rotation["newAccessKeyId"])
	}
}

func idIn(t *testing.T, data *string) string {
	t.Helper()
	var value struct{ AccessKeyId string }
	if err := json.Unmarshal([]byte(tea.StringValue(data)), &value); err != nil {
		t.Fatal(err)
	}
	return value.AccessKeyId
}

func TestOpenAPI(t *testing.T) {
	place := emulator(t)
	token := place.post(t, "/sts-tokens", `{"role": "ram-reader"}`)
	for identity, config := range map[string]openapi.Config{
		"AccessKey": {
			AccessKeyId:     &place.Operator.AccessKeyId,
			AccessKeySecret: &place.Operator.AccessKeySecret,
		},
		"token": {
			AccessKeyId:     tea.String(token["accessKeyId"]),
			AccessKeySecret: tea.String(token["accessKeySecret"]),
			SecurityToken:   tea.String(token["securityToken"]),
		},
	} {
		for _, gateway := range []string{"shared", "instance"} {
			t.Run(identity+" "+gateway, func(t *testing.T) {
				config.Endpoint = place.host(t, gateway)
				config.Ca = tea.String(read(t, "ca.pem"))
				client, err := kms.NewClient(&config)
				if err != nil {
					t.Fatal(err)
				}
				followARotation(t, place, func() string {
					answer, err := client.GetSecretValue(&kms.GetSecretValueRequest{SecretName: tea.String(secret)})
					if err != nil {
						t.Fatal(err)
					}
					return idIn(t, answer.Body.SecretData)
				})
				_, err = client.GetSecretValue(&kms.GetSecretValueRequest{SecretName: tea.String("missing")})
				var refusal *tea.SDKError
				if !errors.As(err, &refusal) || tea.StringValue(refusal.Code) != "Forbidden.ResourceNotFound" {
					t.Errorf("got %v", err)
				}
			})
		}
	}
}

func TestInstanceSDK(t *testing.T) {
	place := emulator(t)
	client, err := dkms.NewClient(&dkmsopenapi.Config{
		Protocol:         tea.String("https"),
		Endpoint:         place.host(t, "instance"),
		ClientKeyContent: tea.String(read(t, "clientKey.json")),
		Password:         tea.String(strings.TrimSpace(read(t, "clientKey_Password.txt"))),
		Ca:               tea.String(read(t, "ca.pem")),
	})
	if err != nil {
		t.Fatal(err)
	}
	followARotation(t, place, func() string {
		answer, err := client.GetSecretValue(&dkms.GetSecretValueRequest{SecretName: tea.String(secret)})
		if err != nil {
			t.Fatal(err)
		}
		return idIn(t, answer.SecretData)
	})
	_, err = client.GetSecretValue(&dkms.GetSecretValueRequest{SecretName: tea.String("missing")})
	if err == nil || !strings.Contains(err.Error(), "Forbidden.ResourceNotFound") {
		t.Errorf("got %v", err)
	}
}
