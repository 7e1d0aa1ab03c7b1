package com.aliyuncs.kms.secretsmanager.client.model;

import java.io.Serializable;

/** A secret and when it was fetched. Mutable; not safe to share between threads while it is changed. */
public class CacheSecretInfo implements Serializable, Cloneable {
  private static final long serialVersionUID = 1L;

  /** The secret. */
  private SecretInfo secretInfo;

  /** The version stage, {@code ACSCurrent}. */
  private String stage;

  /** When it was fetched, in milliseconds since 1970. */
  private long refreshTimestamp;

  /** With nothing set. */
  public CacheSecretInfo() {}

  /**
   * With everything.
   *
   * @param secretInfo the secret
   * @param stage the version stage, {@code ACSCurrent}
   * @param refreshTimestamp when it was fetched, in milliseconds since 1970
   */
  public CacheSecretInfo(SecretInfo secretInfo, String stage, long refreshTimestamp) {
    this.secretInfo = secretInfo;
    this.stage = stage;
    this.refreshTimestamp = refreshTimestamp;
  }

  /**
   * The secret.
   *
   * @return the secret
   */
  public SecretInfo getSecretInfo() {
    return secretInfo;
  }

  /**
   * Sets the secret.
   *
   * @param secretInfo the secret
   */
  public void setSecretInfo(SecretInfo secretInfo) {
    this.secretInfo = secretInfo;
  }

  /**
   * The version stage, {@code ACSCurrent}.
   *
   * @return the version stage, {@code ACSCurrent}
   */
  public String getStage() {
    return stage;
  }

  /**
   * Sets the version stage, {@code ACSCurrent}.
   *
   * @param stage the version stage, {@code ACSCurrent}
   */
  public void setStage(String stage) {
    this.stage = stage;
  }

  /**
   * When it was fetched, in milliseconds since 1970.
   *
   * @return when it was fetched, in milliseconds since 1970
   */
  public long getRefreshTimestamp() {
    return refreshTimestamp;
  }

  /**
   * Sets when it was fetched, in milliseconds since 1970.
   *
   * @param refreshTimestamp when it was fetched, in milliseconds since 1970
   */
  public void setRefreshTimestamp(long refreshTimestamp) {
    this.refreshTimestamp = refreshTimestamp;
  }


  @Override
  public CacheSecretInfo clone() {
    try {
      CacheSecretInfo copy = (CacheSecretInfo) super.clone();
      copy.secretInfo = secretInfo == null ? null : secretInfo.clone();
      return copy;
    } catch (CloneNotSupportedException impossible) {
      throw new IllegalStateException(impossible);
    }
  }

  @Override
  public String toString() {
    return "CacheSecretInfo{secretInfo=" + secretInfo + ", stage=" + stage + ", refreshTimestamp=" + refreshTimestamp + "}";
  }
}
