package com.aliyuncs.kms.secretsmanager.client.model;

/** The gateway of a KMS instance. Mutable; not safe to share between threads while it is changed. */
public class DKmsConfig {
  /** The region, such as {@code cn-hangzhou}. */
  public String regionId;

  /** The instance's gateway. */
  public String endpoint;

  /** The path of the ClientKey file. */
  public String clientKeyFile;

  /** The content of the ClientKey file. */
  public String clientKeyContent;

  /** The ClientKey's password. */
  public String password;

  /** The path of a file with the CA certificates. */
  public String caFilePath;

  /** The CA certificates in PEM. */
  public String ca;

  /** Whether to believe whoever answers. */
  private boolean ignoreSslCerts;

  /** The environment variable with the password. */
  private String passwordFromEnvVariable;

  /** The environment variable with the path of the password file. */
  private String passwordFromFilePathName;

  /** The path of the password file. */
  private String passwordFromFilePath;

  /** With nothing set. */
  public DKmsConfig() {}

  /**
   * The region, such as {@code cn-hangzhou}.
   *
   * @return the region, such as {@code cn-hangzhou}
   */
  public String getRegionId() {
    return regionId;
  }

  /**
   * Sets the region, such as {@code cn-hangzhou}.
   *
   * @param regionId the region, such as {@code cn-hangzhou}
   */
  public void setRegionId(String regionId) {
    this.regionId = regionId;
  }

  /**
   * The instance's gateway.
   *
   * @return the instance's gateway
   */
  public String getEndpoint() {
    return endpoint;
  }

  /**
   * Sets the instance's gateway.
   *
   * @param endpoint the instance's gateway
   */
  public void setEndpoint(String endpoint) {
    this.endpoint = endpoint;
  }

  /**
   * The path of the ClientKey file.
   *
   * @return the path of the ClientKey file
   */
  public String getClientKeyFile() {
    return clientKeyFile;
  }

  /**
   * Sets the path of the ClientKey file.
   *
   * @param clientKeyFile the path of the ClientKey file
   */
  public void setClientKeyFile(String clientKeyFile) {
    this.clientKeyFile = clientKeyFile;
  }

  /**
   * The content of the ClientKey file.
   *
   * @return the content of the ClientKey file
   */
  public String getClientKeyContent() {
    return clientKeyContent;
  }

  /**
   * Sets the content of the ClientKey file.
   *
   * @param clientKeyContent the content of the ClientKey file
   */
  public void setClientKeyContent(String clientKeyContent) {
    this.clientKeyContent = clientKeyContent;
  }

  /**
   * The ClientKey's password.
   *
   * @return the ClientKey's password
   */
  public String getPassword() {
    return password;
  }

  /**
   * Sets the ClientKey's password.
   *
   * @param password the ClientKey's password
   */
  public void setPassword(String password) {
    this.password = password;
  }

  /**
   * The path of a file with the CA certificates.
   *
   * @return the path of a file with the CA certificates
   */
  public String getCaFilePath() {
    return caFilePath;
  }

  /**
   * Sets the path of a file with the CA certificates.
   *
   * @param caFilePath the path of a file with the CA certificates
   */
  public void setCaFilePath(String caFilePath) {
    this.caFilePath = caFilePath;
  }

  /**
   * The CA certificates in PEM.
   *
   * @return the CA certificates in PEM
   */
  public String getCa() {
    return ca;
  }

  /**
   * Sets the CA certificates in PEM.
   *
   * @param ca the CA certificates in PEM
   */
  public void setCa(String ca) {
    this.ca = ca;
  }

  /**
   * Whether to believe whoever answers.
   *
   * @return whether to believe whoever answers
   */
  public boolean getIgnoreSslCerts() {
    return ignoreSslCerts;
  }

  /**
   * Sets whether to believe whoever answers.
   *
   * @param ignoreSslCerts whether to believe whoever answers
   */
  public void setIgnoreSslCerts(boolean ignoreSslCerts) {
    this.ignoreSslCerts = ignoreSslCerts;
  }

  /**
   * The environment variable with the password.
   *
   * @return the environment variable with the password
   */
  public String getPasswordFromEnvVariable() {
    return passwordFromEnvVariable;
  }

  /**
   * Sets the environment variable with the password.
   *
   * @param passwordFromEnvVariable the environment variable with the password
   */
  public void setPasswordFromEnvVariable(String passwordFromEnvVariable) {
    this.passwordFromEnvVariable = passwordFromEnvVariable;
  }

  /**
   * The environment variable with the path of the password file.
   *
   * @return the environment variable with the path of the password file
   */
  public String getPasswordFromFilePathName() {
    return passwordFromFilePathName;
  }

  /**
   * Sets the environment variable with the path of the password file.
   *
   * @param passwordFromFilePathName the environment variable with the path of the password file
   */
  public void setPasswordFromFilePathName(String passwordFromFilePathName) {
    this.passwordFromFilePathName = passwordFromFilePathName;
  }

  /**
   * The path of the password file.
   *
   * @return the path of the password file
   */
  public String getPasswordFromFilePath() {
    return passwordFromFilePath;
  }

  /**
   * Sets the path of the password file.
   *
   * @param passwordFromFilePath the path of the password file
   */
  public void setPasswordFromFilePath(String passwordFromFilePath) {
    this.passwordFromFilePath = passwordFromFilePath;
  }
}
