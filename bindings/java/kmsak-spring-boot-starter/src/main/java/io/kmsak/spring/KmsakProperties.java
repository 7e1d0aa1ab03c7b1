package io.kmsak.spring;

import io.kmsak.Provider;
import io.kmsak.ProviderBuilder;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.springframework.boot.context.properties.ConfigurationProperties;

/**
 * What {@code kmsak.*} says. What is set here wins over environment variables named like the official clients' properties, and those over the
 * file. Where neither a file nor a ClientKey is named here, the file is looked for in the usual places.
 */
@ConfigurationProperties("kmsak")
public class KmsakProperties {
  /** The official clients' properties file, on disk or on the class path. */
  private String config;

  /** The ClientKey file, on disk or on the class path. */
  private String clientKeyFile;

  /** The file with the ClientKey's password. */
  private String clientKeyPasswordFile;

  /** The environment variable with the ClientKey's password. */
  private String clientKeyPasswordEnv;

  /** The ClientKey's password. */
  private String clientKeyPassword;

  /** The secrets to fetch at start. */
  private List<String> secretNames;

  /** How often a secret without a rotation date in sight is fetched again. */
  private Duration rotationInterval;

  /** How long after its rotation date a secret is fetched. */
  private Duration delayInterval;

  /** The most that is added to each refresh at random. */
  private Duration jitterInterval;

  /** How long a connection may take to be made. */
  private Duration connectTimeout;

  /** How long the answer may take once the request is sent. */
  private Duration readTimeout;

  /** How long a call may wait for a fetch with all its retries. */
  private Duration fetchDeadline;

  /** How long a renewal goes on asking while KMS still answers with the rejected AccessKey. */
  private Duration renewDeadline;

  /** After which time a secret is given one renewal more. */
  private Duration renewRefillInterval;

  /** How many renewals in a row a secret is given. */
  private Integer renewTokens;

  /** The age from which a cached value is no longer handed out while KMS cannot be reached. */
  private Duration maxStale;

  /** The proxy to reach KMS through. */
  private String httpsProxy;

  /** What is reached without a proxy, separated by commas. */
  private String noProxy;

  /** The codes by which a cloud service says that it does not know an AccessKey. */
  private List<String> rejectionCodes;

  /** The encrypted file in which secrets survive a restart. */
  private String cacheFile;

  /** The gateways to ask, in the order of preference. */
  private List<GatewayProperties> gateways = new ArrayList<>();

  /** Any other setting by the name that it has in a properties file. */
  private Map<String, String> settings = new LinkedHashMap<>();

  /** Whether there is a provider at all. */
  private boolean enabled = true;

  /** The managed RAM secret whose AccessKey the beans for Alibaba Cloud's SDKs use. */
  private String secretName;

  /** With nothing set. */
  public KmsakProperties() {}

  /**
   * What is set here, as settings of a provider.
   *
   * @return a builder
   */
  public ProviderBuilder builder() {
    ProviderBuilder builder = Provider.builder();
    if (config != null) {
      builder.propertiesFile(config).environment();
    } else if (clientKeyFile == null) {
      builder.usualPlaces();
    } else {
      builder.environment();
    }
    gateways.forEach(gateway -> builder.gateway(gateway.gateway()));
    if (clientKeyFile != null) {
      builder.clientKeyFile(clientKeyFile);
    }
    if (clientKeyPasswordFile != null) {
      builder.clientKeyPasswordFile(clientKeyPasswordFile);
    }
    if (clientKeyPasswordEnv != null) {
      builder.clientKeyPasswordEnv(clientKeyPasswordEnv);
    }
    if (clientKeyPassword != null) {
      builder.clientKeyPassword(clientKeyPassword.toCharArray());
    }
    if (secretNames != null) {
      builder.secretNames(secretNames.toArray(new String[0]));
    }
    if (rotationInterval != null) {
      builder.rotationInterval(rotationInterval);
    }
    if (delayInterval != null) {
      builder.delayInterval(delayInterval);
    }
    if (jitterInterval != null) {
      builder.jitterInterval(jitterInterval);
    }
    if (connectTimeout != null) {
      builder.connectTimeout(connectTimeout);
    }
    if (readTimeout != null) {
      builder.readTimeout(readTimeout);
    }
    if (fetchDeadline != null) {
      builder.fetchDeadline(fetchDeadline);
    }
    if (renewDeadline != null) {
      builder.renewDeadline(renewDeadline);
    }
    if (renewRefillInterval != null) {
      builder.renewRefillInterval(renewRefillInterval);
    }
    if (renewTokens != null) {
      builder.renewTokens(renewTokens);
    }
    if (maxStale != null) {
      builder.maxStale(maxStale);
    }
    if (httpsProxy != null) {
      builder.httpsProxy(httpsProxy);
    }
    if (noProxy != null) {
      builder.noProxy(noProxy);
    }
    if (rejectionCodes != null) {
      builder.rejectionCodes(rejectionCodes.toArray(new String[0]));
    }
    if (cacheFile != null) {
      builder.cacheFile(cacheFile);
    }
    settings.forEach(builder::property);
    return builder;
  }

  /**
   * The gateways to ask, in the order of preference.
   *
   * @return the gateways
   */
  public List<GatewayProperties> getGateways() {
    return gateways;
  }

  /**
   * Sets the gateways.
   *
   * @param gateways in the order of preference
   */
  public void setGateways(List<GatewayProperties> gateways) {
    this.gateways = gateways;
  }

  /**
   * Any other setting by the name that it has in a properties file.
   *
   * @return the settings
   */
  public Map<String, String> getSettings() {
    return settings;
  }

  /**
   * Sets other settings.
   *
   * @param settings by the names that they have in a properties file
   */
  public void setSettings(Map<String, String> settings) {
    this.settings = settings;
  }

  /**
   * Whether there is a provider at all.
   *
   * @return true unless set otherwise
   */
  public boolean isEnabled() {
    return enabled;
  }

  /**
   * Sets whether there is a provider at all.
   *
   * @param enabled false for none
   */
  public void setEnabled(boolean enabled) {
    this.enabled = enabled;
  }

  /**
   * The managed RAM secret whose AccessKey the beans for Alibaba Cloud's SDKs use.
   *
   * @return its name; null for no such beans
   */
  public String getSecretName() {
    return secretName;
  }

  /**
   * Sets the managed RAM secret whose AccessKey the beans for Alibaba Cloud's SDKs use.
   *
   * @param secretName its name
   */
  public void setSecretName(String secretName) {
    this.secretName = secretName;
  }

  /**
   * The official clients' properties file, on disk or on the class path.
   *
   * @return the setting; null where it is not set
   */
  public String getConfig() {
    return config;
  }

  /**
   * Sets it: the official clients' properties file, on disk or on the class path.
   *
   * @param config the setting
   */
  public void setConfig(String config) {
    this.config = config;
  }

  /**
   * The ClientKey file, on disk or on the class path.
   *
   * @return the setting; null where it is not set
   */
  public String getClientKeyFile() {
    return clientKeyFile;
  }

  /**
   * Sets it: the ClientKey file, on disk or on the class path.
   *
   * @param clientKeyFile the setting
   */
  public void setClientKeyFile(String clientKeyFile) {
    this.clientKeyFile = clientKeyFile;
  }

  /**
   * The file with the ClientKey's password.
   *
   * @return the setting; null where it is not set
   */
  public String getClientKeyPasswordFile() {
    return clientKeyPasswordFile;
  }

  /**
   * Sets it: the file with the ClientKey's password.
   *
   * @param clientKeyPasswordFile the setting
   */
  public void setClientKeyPasswordFile(String clientKeyPasswordFile) {
    this.clientKeyPasswordFile = clientKeyPasswordFile;
  }

  /**
   * The environment variable with the ClientKey's password.
   *
   * @return the setting; null where it is not set
   */
  public String getClientKeyPasswordEnv() {
    return clientKeyPasswordEnv;
  }

  /**
   * Sets it: the environment variable with the ClientKey's password.
   *
   * @param clientKeyPasswordEnv the setting
   */
  public void setClientKeyPasswordEnv(String clientKeyPasswordEnv) {
    this.clientKeyPasswordEnv = clientKeyPasswordEnv;
  }

  /**
   * The ClientKey's password.
   *
   * @return the setting; null where it is not set
   */
  public String getClientKeyPassword() {
    return clientKeyPassword;
  }

  /**
   * Sets it: the ClientKey's password.
   *
   * @param clientKeyPassword the setting
   */
  public void setClientKeyPassword(String clientKeyPassword) {
    this.clientKeyPassword = clientKeyPassword;
  }

  /**
   * The secrets to fetch at start.
   *
   * @return the setting; null where it is not set
   */
  public List<String> getSecretNames() {
    return secretNames;
  }

  /**
   * Sets it: the secrets to fetch at start.
   *
   * @param secretNames the setting
   */
  public void setSecretNames(List<String> secretNames) {
    this.secretNames = secretNames;
  }

  /**
   * How often a secret without a rotation date in sight is fetched again.
   *
   * @return the setting; null where it is not set
   */
  public Duration getRotationInterval() {
    return rotationInterval;
  }

  /**
   * Sets it: how often a secret without a rotation date in sight is fetched again.
   *
   * @param rotationInterval the setting
   */
  public void setRotationInterval(Duration rotationInterval) {
    this.rotationInterval = rotationInterval;
  }

  /**
   * How long after its rotation date a secret is fetched.
   *
   * @return the setting; null where it is not set
   */
  public Duration getDelayInterval() {
    return delayInterval;
  }

  /**
   * Sets it: how long after its rotation date a secret is fetched.
   *
   * @param delayInterval the setting
   */
  public void setDelayInterval(Duration delayInterval) {
    this.delayInterval = delayInterval;
  }

  /**
   * The most that is added to each refresh at random.
   *
   * @return the setting; null where it is not set
   */
  public Duration getJitterInterval() {
    return jitterInterval;
  }

  /**
   * Sets it: the most that is added to each refresh at random.
   *
   * @param jitterInterval the setting
   */
  public void setJitterInterval(Duration jitterInterval) {
    this.jitterInterval = jitterInterval;
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
   * How long a call may wait for a fetch with all its retries.
   *
   * @return the setting; null where it is not set
   */
  public Duration getFetchDeadline() {
    return fetchDeadline;
  }

  /**
   * Sets it: how long a call may wait for a fetch with all its retries.
   *
   * @param fetchDeadline the setting
   */
  public void setFetchDeadline(Duration fetchDeadline) {
    this.fetchDeadline = fetchDeadline;
  }

  /**
   * How long a renewal goes on asking while KMS still answers with the rejected AccessKey.
   *
   * @return the setting; null where it is not set
   */
  public Duration getRenewDeadline() {
    return renewDeadline;
  }

  /**
   * Sets it: how long a renewal goes on asking while KMS still answers with the rejected AccessKey.
   *
   * @param renewDeadline the setting
   */
  public void setRenewDeadline(Duration renewDeadline) {
    this.renewDeadline = renewDeadline;
  }

  /**
   * After which time a secret is given one renewal more.
   *
   * @return the setting; null where it is not set
   */
  public Duration getRenewRefillInterval() {
    return renewRefillInterval;
  }

  /**
   * Sets it: after which time a secret is given one renewal more.
   *
   * @param renewRefillInterval the setting
   */
  public void setRenewRefillInterval(Duration renewRefillInterval) {
    this.renewRefillInterval = renewRefillInterval;
  }

  /**
   * How many renewals in a row a secret is given.
   *
   * @return the setting; null where it is not set
   */
  public Integer getRenewTokens() {
    return renewTokens;
  }

  /**
   * Sets it: how many renewals in a row a secret is given.
   *
   * @param renewTokens the setting
   */
  public void setRenewTokens(Integer renewTokens) {
    this.renewTokens = renewTokens;
  }

  /**
   * The age from which a cached value is no longer handed out while KMS cannot be reached.
   *
   * @return the setting; null where it is not set
   */
  public Duration getMaxStale() {
    return maxStale;
  }

  /**
   * Sets it: the age from which a cached value is no longer handed out while KMS cannot be reached.
   *
   * @param maxStale the setting
   */
  public void setMaxStale(Duration maxStale) {
    this.maxStale = maxStale;
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

  /**
   * The codes by which a cloud service says that it does not know an AccessKey.
   *
   * @return the setting; null where it is not set
   */
  public List<String> getRejectionCodes() {
    return rejectionCodes;
  }

  /**
   * Sets it: the codes by which a cloud service says that it does not know an AccessKey.
   *
   * @param rejectionCodes the setting
   */
  public void setRejectionCodes(List<String> rejectionCodes) {
    this.rejectionCodes = rejectionCodes;
  }

  /**
   * The encrypted file in which secrets survive a restart.
   *
   * @return the setting; null where it is not set
   */
  public String getCacheFile() {
    return cacheFile;
  }

  /**
   * Sets it: the encrypted file in which secrets survive a restart.
   *
   * @param cacheFile the setting
   */
  public void setCacheFile(String cacheFile) {
    this.cacheFile = cacheFile;
  }
}
