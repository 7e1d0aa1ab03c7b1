/** Parts of OSS clients that go on through rotations. The names are those of the official SDK. */
package com.aliyun.kms.secretsmanager.plugin.oss.operations;
