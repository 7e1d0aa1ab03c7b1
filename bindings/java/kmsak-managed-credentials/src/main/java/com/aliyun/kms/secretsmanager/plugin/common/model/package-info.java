/** What plug-ins pass around. The names are those of the official SDK. */
package com.aliyun.kms.secretsmanager.plugin.common.model;
