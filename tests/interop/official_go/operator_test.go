package official

import (
	"errors"
	"strings"
	"testing"

	openapi "github.com/alibabacloud-go/darabonba-openapi/v2/client"
	kms "github.com/alibabacloud-go/kms-20160120/v3/client"
	"github.com/alibabacloud-go/tea/tea"
)

// administrator gives a client with the AccessKey of the first account's administrator.
func administrator(t *testing.T, place ready) *kms.Client {
	t.Helper()
	_, profile, _ := strings.Cut(read(t, "operator.ini"), "[default]")
	value := func(name string) *string {
		_, rest, _ := strings.Cut(profile, "\n"+name+"=")
		line, _, _ := strings.Cut(rest, "\n")
		return &line
	}
	client, err := kms.NewClient(&openapi.Config{
		AccessKeyId:     value("access_key_id"),
		AccessKeySecret: value("access_key_secret"),
		Endpoint:        place.host(t, "shared"),
		Ca:              tea.String(read(t, "ca.pem")),
	})
	if err != nil {
		t.Fatal(err)
	}
	return client
}

func wantCode(t *testing.T, err error, code string) {
	t.Helper()
	var refusal *tea.SDKError
	if !errors.As(err, &refusal) || tea.StringValue(refusal.Code) != code {
		t.Errorf("got %v, want %s", err, code)
	}
}

// TestOperator makes an access point with a ClientKey, and takes all of it away again.
func TestOperator(t *testing.T) {
	place := emulator(t)
	client := administrator(t, place)
	name := tea.String("go")
	check := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	instances, err := client.ListKmsInstances(&kms.ListKmsInstancesRequest{})
	check(err)
	instance := instances.Body.KmsInstances.KmsInstance[0].KmsInstanceId
	_, err = client.CreateNetworkRule(&kms.CreateNetworkRuleRequest{
		Name: name, Type: tea.String("Private"), SourcePrivateIp: tea.String(`["127.0.0.1"]`),
	})
	check(err)
	_, err = client.CreatePolicy(&kms.CreatePolicyRequest{
		Name:               name,
		KmsInstance:        instance,
		Permissions:        tea.String(`["RbacPermission/Template/CryptoServiceSecretUser"]`),
		Resources:          tea.String(`["secret/*"]`),
		AccessControlRules: tea.String(`{"NetworkRules":["go"]}`),
	})
	check(err)
	_, err = client.CreateApplicationAccessPoint(&kms.CreateApplicationAccessPointRequest{
		Name: name, AuthenticationMethod: tea.String("ClientKey"), Policies: tea.String(`["go"]`),
	})
	check(err)
	created, err := client.CreateClientKey(&kms.CreateClientKeyRequest{
		AapName: name, Password: tea.String("correct-horse-1"),
	})
	check(err)
	id := created.Body.ClientKeyId
	got, err := client.GetClientKey(&kms.GetClientKeyRequest{ClientKeyId: id})
	check(err)
	if tea.StringValue(got.Body.AapName) != "go" {
		t.Errorf("got %v", got.Body)
	}
	listed, err := client.ListClientKeys(&kms.ListClientKeysRequest{AapName: name})
	check(err)
	if len(listed.Body.ClientKeys) != 1 {
		t.Errorf("got %v", listed.Body)
	}
	_, err = client.DeleteClientKey(&kms.DeleteClientKeyRequest{ClientKeyId: id})
	check(err)
	_, err = client.GetClientKey(&kms.GetClientKeyRequest{ClientKeyId: id})
	wantCode(t, err, "Forbidden.ResourceNotFound")
	_, err = client.DeletePolicy(&kms.DeletePolicyRequest{Name: name})
	wantCode(t, err, "Rejected.ResourceInUse")
	_, err = client.DeleteApplicationAccessPoint(&kms.DeleteApplicationAccessPointRequest{Name: name})
	check(err)
	_, err = client.DeletePolicy(&kms.DeletePolicyRequest{Name: name})
	check(err)
	_, err = client.DeleteNetworkRule(&kms.DeleteNetworkRuleRequest{Name: name})
	check(err)
}

// TestKeysAndSecrets makes a key of the instance and a secret under it.
func TestKeysAndSecrets(t *testing.T) {
	place := emulator(t)
	client := administrator(t, place)
	instances, err := client.ListKmsInstances(&kms.ListKmsInstancesRequest{})
	if err != nil {
		t.Fatal(err)
	}
	instance := instances.Body.KmsInstances.KmsInstance[0].KmsInstanceId
	key, err := client.CreateKey(&kms.CreateKeyRequest{DKMSInstanceId: instance})
	if err != nil {
		t.Fatal(err)
	}
	id := key.Body.KeyMetadata.KeyId
	name := tea.String("go/secret")
	creation := &kms.CreateSecretRequest{
		SecretName:      name,
		VersionId:       tea.String("1"),
		SecretData:      tea.String("first"),
		DKMSInstanceId:  instance,
		EncryptionKeyId: id,
	}
	if _, err = client.CreateSecret(creation); err != nil {
		t.Fatal(err)
	}
	_, err = client.CreateSecret(creation)
	wantCode(t, err, "Rejected.ResourceExist")
	_, err = client.DisableKey(&kms.DisableKeyRequest{KeyId: id})
	if err != nil {
		t.Fatal(err)
	}
	_, err = client.GetSecretValue(&kms.GetSecretValueRequest{SecretName: name})
	wantCode(t, err, "Rejected.Disabled")
	_, err = client.DeleteSecret(&kms.DeleteSecretRequest{
		SecretName: name, ForceDeleteWithoutRecovery: tea.String("true"),
	})
	if err != nil {
		t.Fatal(err)
	}
	_, err = client.DescribeSecret(&kms.DescribeSecretRequest{SecretName: name})
	wantCode(t, err, "Forbidden.ResourceNotFound")
}
