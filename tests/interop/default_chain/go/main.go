// Prints what the default chain of credentials-go picks: the AccessKey id, or nothing where it finds none.
package main

import (
	"fmt"
	"os"

	"github.com/aliyun/credentials-go/credentials/providers"
)

func main() {
	found, err := providers.NewDefaultCredentialsProvider().GetCredentials()
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return
	}
	fmt.Println(found.AccessKeyId)
}
