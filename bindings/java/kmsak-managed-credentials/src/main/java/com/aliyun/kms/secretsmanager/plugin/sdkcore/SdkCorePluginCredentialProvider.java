package com.aliyun.kms.secretsmanager.plugin.sdkcore;

import com.aliyuncs.auth.AlibabaCloudCredentials;
import com.aliyuncs.auth.AlibabaCloudCredentialsProvider;

/** Gives the AccessKey that was set last. Safe to use from any thread. */
public class SdkCorePluginCredentialProvider implements AlibabaCloudCredentialsProvider {
  private volatile AlibabaCloudCredentials credentials;

  /**
   * With an AccessKey.
   *
   * @param credentials the AccessKey
   */
  public SdkCorePluginCredentialProvider(AlibabaCloudCredentials credentials) {
    this.credentials = credentials;
  }

  @Override
  public AlibabaCloudCredentials getCredentials() {
    return credentials;
  }

  /**
   * Sets the AccessKey.
   *
   * @param credentials the AccessKey
   */
  public void setCredentials(AlibabaCloudCredentials credentials) {
    this.credentials = credentials;
  }
}
