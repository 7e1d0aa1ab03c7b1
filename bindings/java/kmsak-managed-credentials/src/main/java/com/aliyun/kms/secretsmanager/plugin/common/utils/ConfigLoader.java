package com.aliyun.kms.secretsmanager.plugin.common.utils;

/** Names the properties file for clients that are made from now on. */
public class ConfigLoader {
  private static volatile String configName;

  private ConfigLoader() {}

  /**
   * The name that was set.
   *
   * @return the name; null for the usual places
   */
  public static String getConfigName() {
    return configName;
  }

  /**
   * Names the properties file.
   *
   * @param configName a file on disk or on the class path; null or empty for the usual places: the environment
   *     and {@code managed_credentials_providers.properties}
   */
  public static void setConfigName(String configName) {
    ConfigLoader.configName = configName == null || configName.isEmpty() ? null : configName;
  }
}
