package main

import (
	"github.com/aliyun/aliyun-secretsmanager-client-go/sdk"
	"github.com/aliyun/aliyun-secretsmanager-client-go/sdk/service"
)

// silent keeps the client's log out of the protocol, which has standard output.
type silent struct{}

func (silent) Flush()                        {}
func (silent) Tracef(string, ...interface{}) {}
func (silent) Infof(string, ...interface{})  {}
func (silent) Debugf(string, ...interface{}) {}
func (silent) Warnf(string, ...interface{})  {}
func (silent) Errorf(string, ...interface{}) {}

func open(config string) (*sdk.SecretManagerCacheClient, error) {
	standard := service.NewDefaultSecretManagerClientBuilder().Standard().WithCustomConfigFile(config).Build()
	return sdk.NewSecretCacheClientBuilder(standard).WithLogger(silent{}).Build()
}
