/** An AccessKey under the official SDK's name. */
package com.aliyun.kms.secretsmanager.plugin.common.auth;
