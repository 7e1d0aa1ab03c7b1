/** What keeps secrets, and what sees them come. The names and types are those of the official secrets manager client. */
package com.aliyuncs.kms.secretsmanager.client.cache;
