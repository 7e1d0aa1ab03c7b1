/** kmsak for {@code com.aliyun:aliyun-java-sdk-core}, on which the V1.0 SDKs of Alibaba Cloud stand. */
package io.kmsak.sdkcore;
