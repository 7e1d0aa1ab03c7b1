package com.aliyun.kms.secretsmanager.plugin.sdkcore;

import com.aliyun.kms.secretsmanager.plugin.common.AKExpireHandler;
import com.aliyuncs.auth.AlibabaCloudCredentials;
import com.aliyuncs.auth.AlibabaCloudCredentialsProvider;
import com.aliyuncs.exceptions.ClientException;
import com.aliyuncs.profile.DefaultProfile;
import com.aliyuncs.profile.IClientProfile;
import io.kmsak.managedcredentials.SharedProvider;
import io.kmsak.sdkcore.KmsakAcsClient;
import java.util.Objects;

/**
 * The V1.0 SDKs' client with a managed AccessKey. The configuration is the one that
 * {@link com.aliyun.kms.secretsmanager.plugin.common.utils.ConfigLoader} names. The first client fetches the AccessKey. One that cannot fails
 * with a {@code RuntimeException}, as the official one does; its cause is a
 * {@link com.aliyuncs.kms.secretsmanager.client.exception.CacheSecretException}, whose cause is the {@link io.kmsak.KmsakException} that says
 * what to do.
 */
public class ProxyAcsClient extends KmsakAcsClient {
  private final SharedProvider share;

  /**
   * For the default profile.
   *
   * @param secretName the managed RAM secret
   * @throws ClientException never; declared as in the official SDK
   */
  public ProxyAcsClient(String secretName) throws ClientException {
    this(secretName, (AKExpireHandler<ClientException>) null);
  }

  /**
   * For the default profile.
   *
   * @param secretName the managed RAM secret
   * @param handler tells a rejected AccessKey; null for the usual error codes
   * @throws ClientException never; declared as in the official SDK
   */
  public ProxyAcsClient(String secretName, AKExpireHandler<ClientException> handler) throws ClientException {
    this(DefaultProfile.getProfile(), secretName, handler);
  }

  /**
   * For a region.
   *
   * @param regionId such as {@code cn-hangzhou}
   * @param secretName the managed RAM secret
   * @throws ClientException never; declared as in the official SDK
   */
  public ProxyAcsClient(String regionId, String secretName) throws ClientException {
    this(regionId, secretName, null);
  }

  /**
   * For a region.
   *
   * @param regionId such as {@code cn-hangzhou}
   * @param secretName the managed RAM secret
   * @param handler tells a rejected AccessKey; null for the usual error codes
   * @throws ClientException never; declared as in the official SDK
   */
  public ProxyAcsClient(String regionId, String secretName, AKExpireHandler<ClientException> handler)
      throws ClientException {
    this(DefaultProfile.getProfile(regionId), secretName, handler);
  }

  /**
   * For a profile.
   *
   * @param profile the region and the HTTP settings
   * @param secretName the managed RAM secret
   */
  public ProxyAcsClient(IClientProfile profile, String secretName) {
    this(profile, secretName, null);
  }

  /**
   * For a profile.
   *
   * @param profile the region and the HTTP settings
   * @param secretName the managed RAM secret
   * @param handler tells a rejected AccessKey; null for the usual error codes
   */
  public ProxyAcsClient(IClientProfile profile, String secretName, AKExpireHandler<ClientException> handler) {
    this(Objects.requireNonNull(profile, "profile"), SharedProvider.openUnchecked(secretName), secretName, handler);
  }

  /**
   * Not supported, as in the official SDK.
   *
   * @param profile not used
   * @param credentials not used
   * @param secretName not used
   * @throws UnsupportedOperationException always
   */
  public ProxyAcsClient(IClientProfile profile, AlibabaCloudCredentials credentials, String secretName) {
    this(profile, credentials, secretName, null);
  }

  /**
   * Not supported, as in the official SDK.
   *
   * @param profile not used
   * @param credentials not used
   * @param secretName not used
   * @param handler not used
   * @throws UnsupportedOperationException always
   */
  public ProxyAcsClient(
      IClientProfile profile,
      AlibabaCloudCredentials credentials,
      String secretName,
      AKExpireHandler<ClientException> handler) {
    this(profile, unsupported(), secretName, handler);
  }

  /**
   * Not supported, as in the official SDK.
   *
   * @param profile not used
   * @param credentialsProvider not used
   * @param secretName not used
   * @throws UnsupportedOperationException always
   */
  public ProxyAcsClient(
      IClientProfile profile, AlibabaCloudCredentialsProvider credentialsProvider, String secretName) {
    this(profile, credentialsProvider, secretName, null);
  }

  /**
   * Not supported, as in the official SDK.
   *
   * @param profile not used
   * @param credentialsProvider not used
   * @param secretName not used
   * @param handler not used
   * @throws UnsupportedOperationException always
   */
  public ProxyAcsClient(
      IClientProfile profile,
      AlibabaCloudCredentialsProvider credentialsProvider,
      String secretName,
      AKExpireHandler<ClientException> handler) {
    this(profile, unsupported(), secretName, handler);
  }

  private ProxyAcsClient(
      IClientProfile profile, SharedProvider share, String secretName, AKExpireHandler<ClientException> handler) {
    super(profile, share.provider(), SharedProvider.realName(secretName), handler == null ? null : handler::judgeAKExpire);
    this.share = share;
  }

  private static SharedProvider unsupported() {
    throw new UnsupportedOperationException(
        "the AccessKey comes from KMS: use a constructor without credentials of your own");
  }

  /** Closes the connections, and the shared provider with the last client. */
  @Override
  public void shutdown() {
    super.shutdown();
    share.close();
  }
}
