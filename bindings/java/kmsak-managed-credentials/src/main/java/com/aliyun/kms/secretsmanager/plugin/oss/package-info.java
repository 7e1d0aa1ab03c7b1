/** The plug-in for OSS, under the official SDK's names. */
package com.aliyun.kms.secretsmanager.plugin.oss;
