/** The plug-in for the V2.0 SDKs, under the official SDK's names. */
package com.aliyun.kms.secretsmanager.plugin.tea.openapi;
