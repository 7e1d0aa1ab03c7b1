/** The configuration's name, under the official SDK's names. */
package com.aliyun.kms.secretsmanager.plugin.common.utils;
