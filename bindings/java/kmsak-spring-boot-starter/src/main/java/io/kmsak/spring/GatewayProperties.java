package io.kmsak.spring;

import io.kmsak.Gateway;
import java.time.Duration;

/** A KMS gateway to ask. */
public class GatewayProperties {
  /** The kinds of gateways. */
  public enum Kind {
    /** The shared gateway of a region. */
    SHARED,
    /** The gateway of a KMS instance, inside its VPC. */
    INSTANCE
  }

  /** Whether it is the shared gateway of a region, or that of a KMS instance. */
  private Kind kind = Kind.INSTANCE;

  /** The region, such as cn-hangzhou. */
  private String regionId;

  /** The gateway's address, if it is not the usual one. */
  private String endpoint;

  /** Whether to reach the shared gateway from inside a VPC. */
  private Boolean vpc;

  /** This gateway's own ClientKey file. */
  private String clientKeyFile;

  /** The file with the password of this gateway's ClientKey. */
  private String clientKeyPasswordFile;

  /** The environment variable with the password of this gateway's ClientKey. */
  private String clientKeyPasswordEnv;

  /** The password of this gateway's ClientKey. */
  private String clientKeyPassword;

  /** The certificates to trust instead of the public CAs. */
  private String caFile;

  /** Whether to switch verification of the peer off. */
  private Boolean ignoreSslCerts;

  /** How long a connection may take to be made. */
  private Duration connectTimeout;

  /** How long the answer may take once the request is sent. */
  private Duration readTimeout;

  /** The proxy to reach KMS through. */
  private String httpsProxy;

  /** What is reached without a proxy, separated by commas. */
  private String noProxy;

  /** With nothing set. */
  public GatewayProperties() {}

  Gateway gateway() {
    Gateway gateway = kind == Kind.SHARED ? Gateway.shared(regionId == null ? "" : regionId) : Gateway.instance();
    if (regionId != null) {
      gateway.regionId(regionId);
    }
    if (endpoint != null) {
      gateway.endpoint(endpoint);
    }
    if (vpc != null) {
      gateway.vpc(vpc);
    }
    if (clientKeyFile != null) {
      gateway.clientKeyFile(clientKeyFile);
    }
    if (clientKeyPasswordFile != null) {
      gateway.clientKeyPasswordFile(clientKeyPasswordFile);
    }
    if (clientKeyPasswordEnv != null) {
      gateway.clientKeyPasswordEnv(clientKeyPasswordEnv);
    }
    if (clientKeyPassword != null) {
      gateway.clientKeyPassword(clientKeyPassword.toCharArray());
    }
    if (caFile != null) {
      gateway.caFile(caFile);
    }
    if (ignoreSslCerts != null) {
      gateway.ignoreSslCerts(ignoreSslCerts);
    }
    if (connectTimeout != null) {
      gateway.connectTimeout(connectTimeout);
    }
    if (readTimeout != null) {
      gateway.readTimeout(readTimeout);
    }
    if (httpsProxy != null) {
      gateway.httpsProxy(httpsProxy);
    }
    if (noProxy != null) {
      gateway.noProxy(noProxy);
    }
    return gateway;
  }

  /**
   * Whether it is the shared gateway of a region, or that of a KMS instance.
   *
   * @return the kind
   */
  public Kind getKind() {
    return kind;
  }

  /**
   * Sets the kind.
   *
   * @param kind the kind
   */
  public void setKind(Kind kind) {
    this.kind = kind;
  }

  /**
   * The region, such as cn-hangzhou.
   *
   * @return the setting; null where it is not set
   */
  public String getRegionId() {
    return regionId;
  }

  /**
   * Sets it: the region, such as cn-hangzhou.
   *
   * @param regionId the setting
   */
  public void setRegionId(String regionId) {
    this.regionId = regionId;
  }

  /**
   * The gateway's address, if it is not the usual one.
   *
   * @return the setting; null where it is not set
   */
  public String getEndpoint() {
    return endpoint;
  }

  /**
   * Sets it: the gateway's address, if it is not the usual one.
   *
   * @param endpoint the setting
   */
  public void setEndpoint(String endpoint) {
    this.endpoint = endpoint;
  }

  /**
   * Whether to reach the shared gateway from inside a VPC.
   *
   * @return the setting; null where it is not set
   */
  public Boolean getVpc() {
    return vpc;
  }

  /**
   * Sets it: whether to reach the shared gateway from inside a VPC.
   *
   * @param vpc the setting
   */
  public void setVpc(Boolean vpc) {
    this.vpc = vpc;
  }

  /**
   * This gateway's own ClientKey file.
   *
   * @return the setting; null where it is not set
   */
  public String getClientKeyFile() {
    return clientKeyFile;
  }

  /**
   * Sets it: this gateway's own ClientKey file.
   *
   * @param clientKeyFile the setting
   */
  public void setClientKeyFile(String clientKeyFile) {
    this.clientKeyFile = clientKeyFile;
  }

  /**
   * The file with the password of this gateway's ClientKey.
   *
   * @return the setting; null where it is not set
   */
  public String getClientKeyPasswordFile() {
    return clientKeyPasswordFile;
  }

  /**
   * Sets it: the file with the password of this gateway's ClientKey.
   *
   * @param clientKeyPasswordFile the setting
   */
  public void setClientKeyPasswordFile(String clientKeyPasswordFile) {
    this.clientKeyPasswordFile = clientKeyPasswordFile;
  }

  /**
   * The environment variable with the password of this gateway's ClientKey.
   *
   * @return the setting; null where it is not set
   */
  public String getClientKeyPasswordEnv() {
    return clientKeyPasswordEnv;
  }

  /**
   * Sets it: the environment variable with the password of this gateway's ClientKey.
   *
   * @param clientKeyPasswordEnv the setting
   */
  public void setClientKeyPasswordEnv(String clientKeyPasswordEnv) {
    this.clientKeyPasswordEnv = clientKeyPasswordEnv;
  }

  /**
   * The password of this gateway's ClientKey.
   *
   * @return the setting; null where it is not set
   */
  public String getClientKeyPassword() {
    return clientKeyPassword;
  }

  /**
   * Sets it: the password of this gateway's ClientKey.
   *
   * @param clientKeyPassword the setting
   */
  public void setClientKeyPassword(String clientKeyPassword) {
    this.clientKeyPassword = clientKeyPassword;
  }

  /**
   * The certificates to trust instead of the public CAs.
   *
   * @return the setting; null where it is not set
   */
  public String getCaFile() {
    return caFile;
  }

  /**
   * Sets it: the certificates to trust instead of the public CAs.
   *
   * @param caFile the setting
   */
  public void setCaFile(String caFile) {
    this.caFile = caFile;
  }

  /**
   * Whether to switch verification of the peer off.
   *
   * @return the setting; null where it is not set
   */
  public Boolean getIgnoreSslCerts() {
    return ignoreSslCerts;
  }

  /**
   * Sets it: whether to switch verification of the peer off.
   *
   * @param ignoreSslCerts the setting
   */
  public void setIgnoreSslCerts(Boolean ignoreSslCerts) {
    this.ignoreSslCerts = ignoreSslCerts;
  }

  /**
   * How long a connection may take to be made.
   *
   * @return the setting; null where it is not set
   */
  public Duration getConnectTimeout() {
    return connectTimeout;
  }

  /**
   * Sets it: how long a connection may take to be made.
   *
   * @param connectTimeout the setting
   */
  public void setConnectTimeout(Duration connectTimeout) {
    this.connectTimeout = connectTimeout;
  }

  /**
   * How long the answer may take once the request is sent.
   *
   * @return the setting; null where it is not set
   */
  public Duration getReadTimeout() {
    return readTimeout;
  }

  /**
   * Sets it: how long the answer may take once the request is sent.
   *
   * @param readTimeout the setting
   */
  public void setReadTimeout(Duration readTimeout) {
    this.readTimeout = readTimeout;
  }

  /**
   * The proxy to reach KMS through.
   *
   * @return the setting; null where it is not set
   */
  public String getHttpsProxy() {
    return httpsProxy;
  }

  /**
   * Sets it: the proxy to reach KMS through.
   *
   * @param httpsProxy the setting
   */
  public void setHttpsProxy(String httpsProxy) {
    this.httpsProxy = httpsProxy;
  }

  /**
   * What is reached without a proxy, separated by commas.
   *
   * @return the setting; null where it is not set
   */
  public String getNoProxy() {
    return noProxy;
  }

  /**
   * Sets it: what is reached without a proxy, separated by commas.
   *
   * @param noProxy the setting
   */
  public void setNoProxy(String noProxy) {
    this.noProxy = noProxy;
  }
}
