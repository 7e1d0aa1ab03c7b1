package io.kmsak.managedcredentials;

import com.aliyun.kms.secretsmanager.plugin.common.model.SecretsManagerPluginCredentialsProvider;
import com.aliyun.kms.secretsmanager.plugin.common.service.RotateAKSecretRefreshSecretStrategy;
import com.aliyun.kms.secretsmanager.plugin.common.utils.ConfigLoader;
import com.aliyuncs.kms.secretsmanager.client.model.DKmsConfig;
import com.aliyuncs.kms.secretsmanager.client.model.RegionInfo;
import com.aliyuncs.kms.secretsmanager.client.service.RefreshSecretStrategy;
import io.kmsak.Gateway;
import io.kmsak.Provider;
import io.kmsak.ProviderBuilder;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Collection;
import java.util.Map;
import java.util.Objects;

/** What a loader says, as settings of a provider. */
public final class Settings {
  private final SecretsManagerPluginCredentialsProvider said;

  /**
   * Checks what a loader said.
   *
   * @param said what it said
   * @throws IllegalArgumentException if kmsak cannot do it
   */
  public Settings(SecretsManagerPluginCredentialsProvider said) {
    this.said = Objects.requireNonNull(said, "the loader loaded nothing");
    if (said.getCredentialsProvider() != null) {
      throw new IllegalArgumentException(
          "kmsak authenticates with a ClientKey alone: leave credentialsProvider unset and name the ClientKey in the configuration");
    }
    RefreshSecretStrategy strategy = said.getRefreshSecretStrategy();
    if (strategy != null && !(strategy instanceof RotateAKSecretRefreshSecretStrategy)) {
      throw new IllegalArgumentException(
          "kmsak plans by itself when to fetch: instead of "
              + strategy.getClass().getName()
              + " set the rotation interval and the delay interval");
    }
  }

  /**
   * Whether nothing was said, so that the configuration is enough.
   *
   * @return true if so
   */
  public boolean areNone() {
    return rotationInterval() == 0
        && delayInterval() == 0
        && isEmpty(said.getSecretNames())
        && isEmpty(said.getRegionInfoList())
        && !hasInstances()
        && said.getSecretExchange() == null;
  }

  /**
   * Opens a provider with the configuration and what was said; the latter wins.
   *
   * @return the provider
   */
  public Provider open() {
    ProviderBuilder builder = Provider.builder();
    String configName = ConfigLoader.getConfigName();
    if (configName == null) {
      builder.usualPlaces();
    } else {
      builder.propertiesFile(configName).environment();
    }
    if (rotationInterval() > 0) {
      builder.rotationInterval(Duration.ofMillis(rotationInterval()));
    }
    if (delayInterval() > 0) {
      builder.delayInterval(Duration.ofMillis(delayInterval()));
    }
    if (!isEmpty(said.getSecretNames())) {
      builder.secretNames(said.getSecretNames().toArray(new String[0]));
    }
    if (hasInstances()) {
      for (Map.Entry<RegionInfo, DKmsConfig> instance : said.getDkmsConfigsMap().entrySet()) {
        builder.gateway(gateway(instance.getKey(), instance.getValue()));
      }
    } else if (said.getRegionInfoList() != null) {
      for (RegionInfo region : said.getRegionInfoList()) {
        builder.gateway(gateway(region));
      }
    }
    return builder.open();
  }

  private static Gateway gateway(RegionInfo region) {
    Gateway gateway = Gateway.shared(region.getRegionId()).vpc(region.getVpc());
    return present(region.getEndpoint()) ? gateway.endpoint(region.getEndpoint()) : gateway;
  }

  private static Gateway gateway(RegionInfo region, DKmsConfig config) {
    Gateway gateway = Gateway.instance();
    if (present(config.getRegionId()) || (region != null && present(region.getRegionId()))) {
      gateway.regionId(present(config.getRegionId()) ? config.getRegionId() : region.getRegionId());
    }
    if (present(config.getEndpoint())) {
      gateway.endpoint(config.getEndpoint());
    }
    if (present(config.getClientKeyFile())) {
      gateway.clientKeyFile(config.getClientKeyFile());
    } else if (present(config.getClientKeyContent())) {
      gateway.clientKey(config.getClientKeyContent().getBytes(StandardCharsets.UTF_8));
    }
    if (present(config.getPasswordFromFilePath())) {
      gateway.clientKeyPasswordFile(config.getPasswordFromFilePath());
    } else if (present(config.getPassword())) {
      gateway.clientKeyPassword(config.getPassword().toCharArray());
    } else if (present(config.getPasswordFromEnvVariable())) {
      gateway.clientKeyPasswordEnv(config.getPasswordFromEnvVariable());
    }
    if (present(config.getCaFilePath())) {
      gateway.caFile(config.getCaFilePath());
    } else if (present(config.getCa())) {
      gateway.ca(config.getCa().getBytes(StandardCharsets.UTF_8));
    }
    return config.getIgnoreSslCerts() ? gateway.ignoreSslCerts(true) : gateway;
  }

  private long rotationInterval() {
    Long own = said.getRotationInterval();
    return own != null && own > 0 || strategy() == null ? orZero(own) : strategy().getRotationInterval();
  }

  private long delayInterval() {
    Long own = said.getDelayInterval();
    return own != null && own > 0 || strategy() == null ? orZero(own) : strategy().getDelayInterval();
  }

  private RotateAKSecretRefreshSecretStrategy strategy() {
    return (RotateAKSecretRefreshSecretStrategy) said.getRefreshSecretStrategy();
  }

  private boolean hasInstances() {
    return said.getDkmsConfigsMap() != null && !said.getDkmsConfigsMap().isEmpty();
  }

  private static long orZero(Long number) {
    return number == null ? 0 : Math.max(number, 0);
  }

  private static boolean isEmpty(Collection<?> some) {
    return some == null || some.isEmpty();
  }

  private static boolean present(String text) {
    return text != null && !text.isEmpty();
  }
}
