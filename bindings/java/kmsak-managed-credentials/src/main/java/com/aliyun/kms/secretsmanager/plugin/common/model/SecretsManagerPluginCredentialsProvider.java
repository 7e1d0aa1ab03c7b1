package com.aliyun.kms.secretsmanager.plugin.common.model;

import com.aliyun.kms.secretsmanager.plugin.common.service.MonitorCacheSecretStoreStrategy;
import com.aliyun.kms.secretsmanager.plugin.common.service.SecretExchange;
import com.aliyun.kms.secretsmanager.plugin.common.service.SecretRecoveryStrategy;
import com.aliyuncs.auth.AlibabaCloudCredentialsProvider;
import com.aliyuncs.kms.secretsmanager.client.model.DKmsConfig;
import com.aliyuncs.kms.secretsmanager.client.model.RegionInfo;
import com.aliyuncs.kms.secretsmanager.client.service.RefreshSecretStrategy;
import java.util.List;
import java.util.Map;

/** What a plug-in is to do otherwise than its configuration says. Mutable; read when the plug-in begins. */
public class SecretsManagerPluginCredentialsProvider {
  private AlibabaCloudCredentialsProvider credentialsProvider;
  private MonitorCacheSecretStoreStrategy refreshableCacheSecretStoreStrategy;
  private SecretExchange secretExchange;
  private SecretRecoveryStrategy secretRecoveryStrategy;
  private List<RegionInfo> regionInfoList;
  private List<String> secretNames;
  private RefreshSecretStrategy refreshSecretStrategy;
  private Long rotationInterval;
  private Long delayInterval;
  private Map<RegionInfo, DKmsConfig> dkmsConfigsMap;

  /** With nothing set. */
  public SecretsManagerPluginCredentialsProvider() {}

  /**
   * How to authenticate with KMS; kmsak takes null alone, which means the ClientKey of the configuration.
   *
   * @return how to authenticate with KMS; kmsak takes null alone, which means the ClientKey of the configuration
   */
  public AlibabaCloudCredentialsProvider getCredentialsProvider() {
    return credentialsProvider;
  }

  /**
   * Sets how to authenticate with KMS; kmsak takes null alone, which means the ClientKey of the configuration.
   *
   * @param credentialsProvider how to authenticate with KMS; kmsak takes null alone, which means the ClientKey of the configuration
   */
  public void setCredentialsProvider(AlibabaCloudCredentialsProvider credentialsProvider) {
    this.credentialsProvider = credentialsProvider;
  }

  /**
   * What keeps secrets besides kmsak's own cache; null for nothing.
   *
   * @return what keeps secrets besides kmsak's own cache; null for nothing
   */
  public MonitorCacheSecretStoreStrategy getRefreshableCacheSecretStoreStrategy() {
    return refreshableCacheSecretStoreStrategy;
  }

  /**
   * Sets what keeps secrets besides kmsak's own cache; null for nothing.
   *
   * @param refreshableCacheSecretStoreStrategy what keeps secrets besides kmsak's own cache; null for nothing
   */
  public void setRefreshableCacheSecretStoreStrategy(MonitorCacheSecretStoreStrategy refreshableCacheSecretStoreStrategy) {
    this.refreshableCacheSecretStoreStrategy = refreshableCacheSecretStoreStrategy;
  }

  /**
   * What turns the application's names of secrets into KMS's; null for nothing.
   *
   * @return what turns the application's names of secrets into KMS's; null for nothing
   */
  public SecretExchange getSecretExchange() {
    return secretExchange;
  }

  /**
   * Sets what turns the application's names of secrets into KMS's; null for nothing.
   *
   * @param secretExchange what turns the application's names of secrets into KMS's; null for nothing
   */
  public void setSecretExchange(SecretExchange secretExchange) {
    this.secretExchange = secretExchange;
  }

  /**
   * Where to get a secret that KMS does not give; null for nowhere.
   *
   * @return where to get a secret that KMS does not give; null for nowhere
   */
  public SecretRecoveryStrategy getSecretRecoveryStrategy() {
    return secretRecoveryStrategy;
  }

  /**
   * Sets where to get a secret that KMS does not give; null for nowhere.
   *
   * @param secretRecoveryStrategy where to get a secret that KMS does not give; null for nowhere
   */
  public void setSecretRecoveryStrategy(SecretRecoveryStrategy secretRecoveryStrategy) {
    this.secretRecoveryStrategy = secretRecoveryStrategy;
  }

  /**
   * The gateways to ask; null for those of the configuration.
   *
   * @return the gateways to ask; null for those of the configuration
   */
  public List<RegionInfo> getRegionInfoList() {
    return regionInfoList;
  }

  /**
   * Sets the gateways to ask; null for those of the configuration.
   *
   * @param regionInfoList the gateways to ask; null for those of the configuration
   */
  public void setRegionInfoList(List<RegionInfo> regionInfoList) {
    this.regionInfoList = regionInfoList;
  }

  /**
   * The secrets to fetch at start; null for those of the configuration.
   *
   * @return the secrets to fetch at start; null for those of the configuration
   */
  public List<String> getSecretNames() {
    return secretNames;
  }

  /**
   * Sets the secrets to fetch at start; null for those of the configuration.
   *
   * @param secretNames the secrets to fetch at start; null for those of the configuration
   */
  public void setSecretNames(List<String> secretNames) {
    this.secretNames = secretNames;
  }

  /**
   * When to fetch again; kmsak takes null or a {@code RotateAKSecretRefreshSecretStrategy}.
   *
   * @return when to fetch again; kmsak takes null or a {@code RotateAKSecretRefreshSecretStrategy}
   */
  public RefreshSecretStrategy getRefreshSecretStrategy() {
    return refreshSecretStrategy;
  }

  /**
   * Sets when to fetch again; kmsak takes null or a {@code RotateAKSecretRefreshSecretStrategy}.
   *
   * @param refreshSecretStrategy when to fetch again; kmsak takes null or a {@code RotateAKSecretRefreshSecretStrategy}
   */
  public void setRefreshSecretStrategy(RefreshSecretStrategy refreshSecretStrategy) {
    this.refreshSecretStrategy = refreshSecretStrategy;
  }

  /**
   * How often a secret without a rotation date in sight is fetched, in milliseconds; null or 0 for the configuration's.
   *
   * @return how often a secret without a rotation date in sight is fetched, in milliseconds; null or 0 for the configuration's
   */
  public Long getRotationInterval() {
    return rotationInterval;
  }

  /**
   * Sets how often a secret without a rotation date in sight is fetched, in milliseconds; null or 0 for the configuration's.
   *
   * @param rotationInterval how often a secret without a rotation date in sight is fetched, in milliseconds; null or 0 for the configuration's
   */
  public void setRotationInterval(long rotationInterval) {
    this.rotationInterval = rotationInterval;
  }

  /**
   * How long after its rotation date a secret is fetched, in milliseconds; null or 0 for the configuration's.
   *
   * @return how long after its rotation date a secret is fetched, in milliseconds; null or 0 for the configuration's
   */
  public Long getDelayInterval() {
    return delayInterval;
  }

  /**
   * Sets how long after its rotation date a secret is fetched, in milliseconds; null or 0 for the configuration's.
   *
   * @param delayInterval how long after its rotation date a secret is fetched, in milliseconds; null or 0 for the configuration's
   */
  public void setDelayInterval(long delayInterval) {
    this.delayInterval = delayInterval;
  }

  /**
   * The gateways of instances to ask; null for those of the configuration.
   *
   * @return the gateways of instances to ask; null for those of the configuration
   */
  public Map<RegionInfo, DKmsConfig> getDkmsConfigsMap() {
    return dkmsConfigsMap;
  }

  /**
   * Sets the gateways of instances to ask; null for those of the configuration.
   *
   * @param dkmsConfigsMap the gateways of instances to ask; null for those of the configuration
   */
  public void setDkmsConfigsMap(Map<RegionInfo, DKmsConfig> dkmsConfigsMap) {
    this.dkmsConfigsMap = dkmsConfigsMap;
  }
}
