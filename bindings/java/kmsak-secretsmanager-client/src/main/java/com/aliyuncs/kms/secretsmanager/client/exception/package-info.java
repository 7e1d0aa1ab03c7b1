/** The exception that applications of the official SDK catch. */
package com.aliyuncs.kms.secretsmanager.client.exception;
