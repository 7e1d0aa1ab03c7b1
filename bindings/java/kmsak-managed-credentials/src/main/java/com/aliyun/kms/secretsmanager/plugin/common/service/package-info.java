/** Loaders, strategies and hooks. The names are those of the official SDK. */
package com.aliyun.kms.secretsmanager.plugin.common.service;
