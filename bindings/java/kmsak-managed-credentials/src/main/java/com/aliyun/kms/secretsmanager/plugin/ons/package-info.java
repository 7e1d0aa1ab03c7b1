/** ONS, which is RocketMQ 4, with a managed AccessKey. The names are those of the official SDK. */
package com.aliyun.kms.secretsmanager.plugin.ons;
