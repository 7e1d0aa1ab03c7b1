/** For Table Store 5 ({@code com.aliyun.openservices:tablestore}). */
package io.kmsak.tablestore;
