/** For the asynchronous V2.0 SDKs ({@code com.aliyun:aliyun-gateway-pop}). */
package io.kmsak.credentials.async;
