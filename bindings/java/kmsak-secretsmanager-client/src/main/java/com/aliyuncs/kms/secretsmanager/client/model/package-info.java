/** Secrets and where they come from. The names and types are those of the official secrets manager client. */
package com.aliyuncs.kms.secretsmanager.client.model;
