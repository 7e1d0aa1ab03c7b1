package com.aliyun.kms.secretsmanager.plugin.common.model;

import com.aliyun.kms.secretsmanager.plugin.common.utils.DateUtils;
import java.io.Serializable;
import java.util.Date;

/** Something that a plug-in noticed. Mutable. */
public class MonitorMessageInfo implements Serializable {
  private static final long serialVersionUID = 1L;

  /** What was being done, such as {@code updateCredential}. */
  private String action;

  /** The secret's name. */
  private String secretName;

  /** The AccessKey's id. */
  private String accessKeyId;

  /** What went wrong. */
  private String errorMessage;

  /** Whether somebody should look after it. */
  private boolean alarm;

  /** When it happened, in ISO 8601. */
  private String timestamp;

  /**
   * Something that happened now and needs nobody.
   *
   * @param action what was being done, such as {@code updateCredential}
   * @param secretName the secret's name
   * @param accessKeyId the AccessKey's id
   * @param errorMessage what went wrong
   */
  public MonitorMessageInfo(String action, String secretName, String accessKeyId, String errorMessage) {
    this(action, secretName, accessKeyId, errorMessage, false);
  }

  /**
   * Something that happened now.
   *
   * @param action what was being done, such as {@code updateCredential}
   * @param secretName the secret's name
   * @param accessKeyId the AccessKey's id
   * @param errorMessage what went wrong
   * @param alarm whether somebody should look after it
   */
  public MonitorMessageInfo(
      String action, String secretName, String accessKeyId, String errorMessage, boolean alarm) {
    this.action = action;
    this.secretName = secretName;
    this.accessKeyId = accessKeyId;
    this.errorMessage = errorMessage;
    this.alarm = alarm;
    this.timestamp = DateUtils.formatDate(new Date(), DateUtils.TIMEZONE_DATE_PATTERN);
  }

  /**
   * What was being done, such as {@code updateCredential}.
   *
   * @return what was being done, such as {@code updateCredential}
   */
  public String getAction() {
    return action;
  }

  /**
   * Sets what was being done, such as {@code updateCredential}.
   *
   * @param action what was being done, such as {@code updateCredential}
   */
  public void setAction(String action) {
    this.action = action;
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
   * The AccessKey's id.
   *
   * @return the AccessKey's id
   */
  public String getAccessKeyId() {
    return accessKeyId;
  }

  /**
   * Sets the AccessKey's id.
   *
   * @param accessKeyId the AccessKey's id
   */
  public void setAccessKeyId(String accessKeyId) {
    this.accessKeyId = accessKeyId;
  }

  /**
   * What went wrong.
   *
   * @return what went wrong
   */
  public String getErrorMessage() {
    return errorMessage;
  }

  /**
   * Sets what went wrong.
   *
   * @param errorMessage what went wrong
   */
  public void setErrorMessage(String errorMessage) {
    this.errorMessage = errorMessage;
  }

  /**
   * Whether somebody should look after it.
   *
   * @return whether somebody should look after it
   */
  public boolean getAlarm() {
    return alarm;
  }

  /**
   * Sets whether somebody should look after it.
   *
   * @param alarm whether somebody should look after it
   */
  public void setAlarm(boolean alarm) {
    this.alarm = alarm;
  }

  /**
   * When it happened, in ISO 8601.
   *
   * @return when it happened, in ISO 8601
   */
  public String getTimestamp() {
    return timestamp;
  }

  /**
   * Sets when it happened, in ISO 8601.
   *
   * @param timestamp when it happened, in ISO 8601
   */
  public void setTimestamp(String timestamp) {
    this.timestamp = timestamp;
  }
}
