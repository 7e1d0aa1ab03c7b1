/** kmsak for {@code com.aliyun:credentials-java}, and so for every V2.0 SDK of Alibaba Cloud. */
package io.kmsak.credentials;
