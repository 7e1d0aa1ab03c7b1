/** Clients and credentials of Alibaba Cloud's SDKs. */
package io.kmsak.spring.sdk;
