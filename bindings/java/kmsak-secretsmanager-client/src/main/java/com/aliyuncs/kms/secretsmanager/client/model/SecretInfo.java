package com.aliyuncs.kms.secretsmanager.client.model;

import java.io.Serializable;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;

/** A secret as KMS answered it. Mutable; not safe to share between threads while it is changed. */
public class SecretInfo implements Serializable, Cloneable {
  private static final long serialVersionUID = 1L;

  /** The secret's name. */
  private String secretName;

  /** The version's id. */
  private String versionId;

  /** The value; a binary one in base64. */
  private String secretValue;

  /** The binary value. */
  private transient ByteBuffer secretValueByteBuffer;

  /** {@code text} or {@code binary}. */
  private String secretDataType;

  /** When the version was made, in ISO 8601. */
  private String createTime;

  /** The type, such as {@code RAMCredentials}. */
  private String secretType;

  /** Whether KMS rotates the secret itself, such as {@code Enabled}. */
  private String automaticRotation;

  /** The extended configuration, a JSON object. */
  private String extendedConfig;

  /** The time between two rotations, such as {@code 604800s}. */
  private String rotationInterval;

  /** When the secret will be rotated, in ISO 8601. */
  private String nextRotationDate;

  /** With nothing set. */
  public SecretInfo() {}

  /**
   * With some of it.
   *
   * @param secretName the secret's name
   * @param versionId the version's id
   * @param secretValue the value; a binary one in base64
   * @param secretDataType {@code text} or {@code binary}
   * @param createTime when the version was made, in ISO 8601
   */
  public SecretInfo(String secretName, String versionId, String secretValue, String secretDataType, String createTime) {
    this.secretName = secretName;
    this.versionId = versionId;
    this.secretValue = secretValue;
    this.secretDataType = secretDataType;
    this.createTime = createTime;
  }

  /**
   * With some of it.
   *
   * @param secretName the secret's name
   * @param versionId the version's id
   * @param secretValue the value; a binary one in base64
   * @param secretDataType {@code text} or {@code binary}
   * @param createTime when the version was made, in ISO 8601
   * @param secretType the type, such as {@code RAMCredentials}
   * @param automaticRotation whether KMS rotates the secret itself, such as {@code Enabled}
   * @param extendedConfig the extended configuration, a JSON object
   * @param rotationInterval the time between two rotations, such as {@code 604800s}
   * @param nextRotationDate when the secret will be rotated, in ISO 8601
   */
  public SecretInfo(
      String secretName,
      String versionId,
      String secretValue,
      String secretDataType,
      String createTime,
      String secretType,
      String automaticRotation,
      String extendedConfig,
      String rotationInterval,
      String nextRotationDate) {
    this.secretName = secretName;
    this.versionId = versionId;
    this.secretValue = secretValue;
    this.secretDataType = secretDataType;
    this.createTime = createTime;
    this.secretType = secretType;
    this.automaticRotation = automaticRotation;
    this.extendedConfig = extendedConfig;
    this.rotationInterval = rotationInterval;
    this.nextRotationDate = nextRotationDate;
  }

  /**
   * With some of it.
   *
   * @param secretName the secret's name
   * @param versionId the version's id
   * @param secretValue the value; a binary one in base64
   * @param secretValueByteBuffer the binary value
   * @param secretDataType {@code text} or {@code binary}
   * @param createTime when the version was made, in ISO 8601
   */
  public SecretInfo(
      String secretName,
      String versionId,
      String secretValue,
      ByteBuffer secretValueByteBuffer,
      String secretDataType,
      String createTime) {
    this.secretName = secretName;
    this.versionId = versionId;
    this.secretValue = secretValue;
    this.secretValueByteBuffer = secretValueByteBuffer;
    this.secretDataType = secretDataType;
    this.createTime = createTime;
  }

  /**
   * With everything.
   *
   * @param secretName the secret's name
   * @param versionId the version's id
   * @param secretValue the value; a binary one in base64
   * @param secretValueByteBuffer the binary value
   * @param secretDataType {@code text} or {@code binary}
   * @param createTime when the version was made, in ISO 8601
   * @param secretType the type, such as {@code RAMCredentials}
   * @param automaticRotation whether KMS rotates the secret itself, such as {@code Enabled}
   * @param extendedConfig the extended configuration, a JSON object
   * @param rotationInterval the time between two rotations, such as {@code 604800s}
   * @param nextRotationDate when the secret will be rotated, in ISO 8601
   */
  public SecretInfo(
      String secretName,
      String versionId,
      String secretValue,
      ByteBuffer secretValueByteBuffer,
      String secretDataType,
      String createTime,
      String secretType,
      String automaticRotation,
      String extendedConfig,
      String rotationInterval,
      String nextRotationDate) {
    this.secretName = secretName;
    this.versionId = versionId;
    this.secretValue = secretValue;
    this.secretValueByteBuffer = secretValueByteBuffer;
    this.secretDataType = secretDataType;
    this.createTime = createTime;
    this.secretType = secretType;
    this.automaticRotation = automaticRotation;
    this.extendedConfig = extendedConfig;
    this.rotationInterval = rotationInterval;
    this.nextRotationDate = nextRotationDate;
  }

  /**
   * The secret's name.
   *
   * @return the secret's name
   */
  public String getSecretName() {
    return secretName;
  }

  /**
   * Sets the secret's name.
   *
   * @param secretName the secret's name
   */
  public void setSecretName(String secretName) {
    this.secretName = secretName;
  }

  /**
   * The version's id.
   *
   * @return the version's id
   */
  public String getVersionId() {
    return versionId;
  }

  /**
   * Sets the version's id.
   *
   * @param versionId the version's id
   */
  public void setVersionId(String versionId) {
    this.versionId = versionId;
  }

  /**
   * The value; a binary one in base64.
   *
   * @return the value; a binary one in base64
   */
  public String getSecretValue() {
    return secretValue;
  }

  /**
   * Sets the value; a binary one in base64.
   *
   * @param secretValue the value; a binary one in base64
   */
  public void setSecretValue(String secretValue) {
    this.secretValue = secretValue;
  }

  /**
   * {@code text} or {@code binary}.
   *
   * @return {@code text} or {@code binary}
   */
  public String getSecretDataType() {
    return secretDataType;
  }

  /**
   * Sets {@code text} or {@code binary}.
   *
   * @param secretDataType {@code text} or {@code binary}
   */
  public void setSecretDataType(String secretDataType) {
    this.secretDataType = secretDataType;
  }

  /**
   * When the version was made, in ISO 8601.
   *
   * @return when the version was made, in ISO 8601
   */
  public String getCreateTime() {
    return createTime;
  }

  /**
   * Sets when the version was made, in ISO 8601.
   *
   * @param createTime when the version was made, in ISO 8601
   */
  public void setCreateTime(String createTime) {
    this.createTime = createTime;
  }

  /**
   * The type, such as {@code RAMCredentials}.
   *
   * @return the type, such as {@code RAMCredentials}
   */
  public String getSecretType() {
    return secretType;
  }

  /**
   * Sets the type, such as {@code RAMCredentials}.
   *
   * @param secretType the type, such as {@code RAMCredentials}
   */
  public void setSecretType(String secretType) {
    this.secretType = secretType;
  }

  /**
   * Whether KMS rotates the secret itself, such as {@code Enabled}.
   *
   * @return whether KMS rotates the secret itself, such as {@code Enabled}
   */
  public String getAutomaticRotation() {
    return automaticRotation;
  }

  /**
   * Sets whether KMS rotates the secret itself, such as {@code Enabled}.
   *
   * @param automaticRotation whether KMS rotates the secret itself, such as {@code Enabled}
   */
  public void setAutomaticRotation(String automaticRotation) {
    this.automaticRotation = automaticRotation;
  }

  /**
   * The extended configuration, a JSON object.
   *
   * @return the extended configuration, a JSON object
   */
  public String getExtendedConfig() {
    return extendedConfig;
  }

  /**
   * Sets the extended configuration, a JSON object.
   *
   * @param extendedConfig the extended configuration, a JSON object
   */
  public void setExtendedConfig(String extendedConfig) {
    this.extendedConfig = extendedConfig;
  }

  /**
   * The time between two rotations, such as {@code 604800s}.
   *
   * @return the time between two rotations, such as {@code 604800s}
   */
  public String getRotationInterval() {
    return rotationInterval;
  }

  /**
   * Sets the time between two rotations, such as {@code 604800s}.
   *
   * @param rotationInterval the time between two rotations, such as {@code 604800s}
   */
  public void setRotationInterval(String rotationInterval) {
    this.rotationInterval = rotationInterval;
  }

  /**
   * When the secret will be rotated, in ISO 8601.
   *
   * @return when the secret will be rotated, in ISO 8601
   */
  public String getNextRotationDate() {
    return nextRotationDate;
  }

  /**
   * Sets when the secret will be rotated, in ISO 8601.
   *
   * @param nextRotationDate when the secret will be rotated, in ISO 8601
   */
  public void setNextRotationDate(String nextRotationDate) {
    this.nextRotationDate = nextRotationDate;
  }


  /**
   * The binary value.
   *
   * @return for a binary secret its base64 as bytes, else what the constructor was given
   */
  public ByteBuffer getSecretValueByteBuffer() {
    return "binary".equals(secretDataType) && secretValue != null
        ? ByteBuffer.wrap(secretValue.getBytes(StandardCharsets.UTF_8))
        : secretValueByteBuffer;
  }

  @Override
  public SecretInfo clone() {
    try {
      return (SecretInfo) super.clone();
    } catch (CloneNotSupportedException impossible) {
      throw new IllegalStateException(impossible);
    }
  }

  /** Without the value. */
  @Override
  public String toString() {
    return "SecretInfo{secretName=" + secretName + ", versionId=" + versionId + ", secretType=" + secretType + ", secretValue=***}";
  }
}
