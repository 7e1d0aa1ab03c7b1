// Reads the AccessKey's id through the agent, once for each way named on the command line.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"

	"github.com/hashicorp/vault/api"
)

func main() {
	secret := os.Getenv("SECRET")
	vault, err := api.NewClient(&api.Config{Address: os.Getenv("AGENT")})
	if err != nil {
		panic(err)
	}
	vault.SetToken(os.Getenv("TOKEN"))
	background := context.Background()
	for _, way := range os.Args[1:] {
		var fields map[string]any
		switch way {
		case "kv2":
			read, err := vault.KVv2("secret").Get(background, secret)
			if err != nil {
				panic(err)
			}
			if read.VersionMetadata.Version < 1 || read.VersionMetadata.CreatedTime.IsZero() {
				panic("no version")
			}
			fields = read.Data
		case "kv1":
			read, err := vault.KVv1("secret").Get(background, secret)
			if err != nil {
				panic(err)
			}
			fields = read.Data
		case "lookup":
			if _, err := vault.Auth().Token().LookupSelf(); err != nil {
				panic(err)
			}
			if _, err := vault.KVv2("secret").Get(background, "missing"); err == nil {
				panic("a secret that is not there was read")
			}
			continue
		case "plain":
			fields = plain(secret)
		}
		fmt.Println(fields["AccessKeyId"])
	}
}

// As the official page shows it: no client but net/http.
func plain(secret string) map[string]any {
	request, err := http.NewRequest(http.MethodGet, os.Getenv("AGENT")+"/secretsmanager/get?secretId="+secret, nil)
	if err != nil {
		panic(err)
	}
	request.Header.Set("X-KMS-Token", os.Getenv("TOKEN"))
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		panic(err)
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		panic(err)
	}
	var value struct{ SecretData string }
	fields := map[string]any{}
	if err := json.Unmarshal(body, &value); err != nil {
		panic(err)
	}
	if err := json.Unmarshal([]byte(value.SecretData), &fields); err != nil {
		panic(err)
	}
	return fields
}
