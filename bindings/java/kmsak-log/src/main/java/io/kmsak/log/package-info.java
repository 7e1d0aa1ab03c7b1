/** For Log Service ({@code com.aliyun.openservices:aliyun-log}). */
package io.kmsak.log;
