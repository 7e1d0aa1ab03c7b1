package com.aliyun.kms.secretsmanager.plugin.common.utils;

/** The constants of the official SDK. */
public interface Constants {
  /** In a managed RAM secret, the AccessKey's id. */
  String PROPERTY_NAME_KEY_ACCESS_KEY_ID = "AccessKeyId";

  /** In a managed RAM secret, the AccessKey's secret. */
  String PROPERTY_NAME_KEY_ACCESS_KEY_SECRET = "AccessKeySecret";

  /** In a managed RAM secret, when the AccessKey ends. */
  String PROPERTY_NAME_KEY_EXPIRE_TIMESTAMP = "ExpireTimestamp";

  /** The stage of the version in use. */
  String KMS_SECRET_CURRENT_STAGE_VERSION = "ACSCurrent";

  /** In a managed RAM secret, how often to fetch it, in seconds. */
  String PROPERTY_NAME_KEY_REFRESH_INTERVAL = "RefreshInterval";

  /** In a managed RAM secret, when it will be rotated, in seconds since 1970. */
  String PROPERTY_NAME_KEY_SCHEDULE_ROTATE_TIMESTAMP = "ScheduleRotateTimestamp";

  /** The first pause of the official client between two attempts. */
  Long RETRY_INITIAL_INTERVAL_MILLS = 2000L;

  /** The longest pause of the official client between two attempts. */
  Long CAPACITY = 10000L;

  /** How often the official client tries. */
  Long RETRY_MAX_ATTEMPTS = 6 * 3600 * 1000 / CAPACITY;

  /** The official logger; kmsak logs to {@code io.kmsak}. */
  String LOGGER_NAME = "SecretsManagerPluginCommon";

  /** The end of an AccessKey that has none. */
  long NOT_SUPPORT_TAMP_AK_TIMESTAMP = -1;

  /** How many refreshes in a row a secret is given. */
  int DEFAULT_MAX_TOKEN_NUMBER = 5;

  /** After how many milliseconds a secret is given one refresh more. */
  long DEFAULT_RATE_LIMIT_PERIOD = 10 * 60 * 1000L;

  /** What the official plug-in calls itself. */
  String SECRETSMANAGER_PLUGIN_JAVA_OF_USER_AGENT = "aliyun-sdk-managed-credentials-providers-java";

  /** How important that name is. */
  int SECRETSMANAGER_PLUGIN_JAVA_OF_USER_AGENT_PRIORITY = 1;

  /** The official version that these names follow. */
  String PROJECT_VERSION = "1.3.5";

  /** A setting of the official plug-in without effect here. */
  String PROPERTIES_MONITOR_PERIOD_MILLISECONDS_KEY = "monitor_period_milliseconds";

  /** A setting of the official plug-in without effect here. */
  String PROPERTIES_MONITOR_CUSTOMER_MILLISECONDS_KEY = "monitor_customer_milliseconds";

  /** The setting of how often a secret is fetched. */
  String PROPERTIES_ROTATION_INTERVAL_KEY = "rotation_interval";

  /** The setting of how long after its rotation date a secret is fetched. */
  String PROPERTIES_DELAY_INTERVAL_KEY = "delay_interval";

  /** The type of managed RAM secrets. */
  String RAM_CREDENTIALS_SECRET_TYPE = "RamCredentials";

  /** In the extended configuration, the sub-type. */
  String EXTENDED_CONFIG_PROPERTY_SECRET_SUB_TYPE = "SecretSubType";

  /** The sub-type of a RAM user's AccessKey. */
  String RAM_USER_ACCESS_KEY_SECRET_SUB_TYPE = "RamUserAccessKey";

  /** An action of {@code MonitorMessageInfo}. */
  String MONITOR_AK_STATUS_ACTION = "monitorAkStatus";

  /** An action of {@code MonitorMessageInfo}. */
  String CUSTOM_MESSAGE_ACTION = "customMessage";

  /** An action of {@code MonitorMessageInfo}. */
  String UPDATE_CREDENTIAL_ACTION = "updateCredential";

  /** An action of {@code MonitorMessageInfo}. */
  String RECOVERY_GET_SECRET_ACTION = "recoveryGetSecret";

  /** A system property of the official logger without effect here. */
  String LOGGER_BASE_DIR_KEY = "base.dir";

  /** The rotation interval of secrets that {@code CredentialsUtils} makes. */
  String DEFAULT_ROTATION_INTERVAL = "86400s";

  /** The automatic rotation of secrets that {@code CredentialsUtils} makes. */
  String DEFAULT_AUTOMATIC_ROTATION = "Enabled";

  /** The usual configuration file. */
  String DEFAULT_CREDENTIAL_PROPERTIES_FILE_NAME = "managed_credentials_providers.properties";
}
