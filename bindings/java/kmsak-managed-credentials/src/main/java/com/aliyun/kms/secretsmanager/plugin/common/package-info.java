/** What all plug-ins share, under the official SDK's names. */
package com.aliyun.kms.secretsmanager.plugin.common;
