package com.aliyun.kms.secretsmanager.plugin.oss;

import com.aliyun.oss.common.auth.Credentials;
import com.aliyun.oss.common.auth.CredentialsProvider;

/** Gives the AccessKey that was set last. Safe to use from any thread. */
public class OssPluginCredentialsProvider implements CredentialsProvider {
  private volatile Credentials credentials;

  /**
   * With an AccessKey.
   *
   * @param credentials the AccessKey
   */
  public OssPluginCredentialsProvider(Credentials credentials) {
    this.credentials = credentials;
  }

  @Override
  public void setCredentials(Credentials credentials) {
    this.credentials = credentials;
  }

  @Override
  public Credentials getCredentials() {
    return credentials;
  }
}
