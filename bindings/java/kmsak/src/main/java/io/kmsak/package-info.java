/**
 * Managed Alibaba Cloud AccessKeys for applications: {@link io.kmsak.Provider} fetches them from KMS with a ClientKey, keeps them current
 * and hands them out.
 */
package io.kmsak;
