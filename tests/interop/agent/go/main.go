// Calls GetCallerIdentity with the default credential chain, once for each line on standard input.
package main

import (
	"bufio"
	"encoding/json"
	"os"

	openapi "github.com/alibabacloud-go/darabonba-openapi/v2/client"
	"github.com/alibabacloud-go/darabonba-openapi/v2/utils"
	"github.com/alibabacloud-go/tea/dara"
	"github.com/aliyun/credentials-go/credentials"
)

func main() {
	credential, err := credentials.NewCredential(nil)
	answers := json.NewEncoder(os.Stdout)
	for input := bufio.NewScanner(os.Stdin); input.Scan(); {
		arn, failure := "", err
		if failure == nil {
			arn, failure = callerIdentity(credential)
		}
		answer := map[string]string{"arn": arn}
		if failure != nil {
			answer = map[string]string{"error": failure.Error()}
		}
		if err := answers.Encode(answer); err != nil {
			panic(err)
		}
	}
}

func callerIdentity(credential credentials.Credential) (string, error) {
	sts, err := openapi.NewClient(&utils.Config{
		Credential: credential,
		Endpoint:   dara.String(os.Getenv("STS")),
		Protocol:   dara.String("HTTP"),
	})
	if err != nil {
		return "", err
	}
	call := &utils.Params{
		Action:      dara.String("GetCallerIdentity"),
		Version:     dara.String("2015-04-01"),
		Protocol:    dara.String("HTTP"),
		Method:      dara.String("POST"),
		AuthType:    dara.String("AK"),
		Style:       dara.String("RPC"),
		Pathname:    dara.String("/"),
		ReqBodyType: dara.String("json"),
		BodyType:    dara.String("json"),
	}
	answer, err := sts.CallApi(call, &utils.OpenApiRequest{}, &dara.RuntimeOptions{})
	if err != nil {
		return "", err
	}
	arn, _ := answer["body"].(map[string]interface{})["Arn"].(string)
	return arn, nil
}
