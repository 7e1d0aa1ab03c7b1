/** What the managed-credentials SDK shows of the official secrets manager client. */
package com.aliyuncs.kms.secretsmanager.client;
