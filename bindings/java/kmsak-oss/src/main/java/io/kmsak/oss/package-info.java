/** kmsak for {@code com.aliyun.oss:aliyun-sdk-oss}. */
package io.kmsak.oss;
