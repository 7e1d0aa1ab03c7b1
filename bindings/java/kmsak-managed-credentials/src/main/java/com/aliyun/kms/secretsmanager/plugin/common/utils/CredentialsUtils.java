package com.aliyun.kms.secretsmanager.plugin.common.utils;

import com.aliyun.kms.secretsmanager.plugin.common.auth.SecretsManagerPluginCredentials;
import com.aliyuncs.kms.secretsmanager.client.model.SecretInfo;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import com.google.gson.JsonParser;
import java.util.Date;
import java.util.UUID;
import java.util.concurrent.TimeUnit;

/** Turns the value of a managed RAM secret into an AccessKey and back. */
public class CredentialsUtils {
  private CredentialsUtils() {}

  /**
   * Reads a managed RAM secret.
   *
   * @param secretData its value
   * @return the AccessKey
   * @throws IllegalArgumentException if it is not the value of such a secret; the value itself is not shown
   */
  public static SecretsManagerPluginCredentials generateCredentialsBySecret(String secretData) {
    if (StringUtils.isEmpty(secretData)) {
      throw new IllegalArgumentException("the secret has no value");
    }
    JsonObject value = object(secretData);
    String id = text(value, Constants.PROPERTY_NAME_KEY_ACCESS_KEY_ID);
    String secret = text(value, Constants.PROPERTY_NAME_KEY_ACCESS_KEY_SECRET);
    if (id == null || secret == null) {
      throw new IllegalArgumentException("the secret is no managed RAM secret: it has no AccessKeyId and AccessKeySecret");
    }
    String end = text(value, Constants.PROPERTY_NAME_KEY_EXPIRE_TIMESTAMP);
    return new SecretsManagerPluginCredentials(
        id,
        secret,
        end == null ? Constants.NOT_SUPPORT_TAMP_AK_TIMESTAMP : DateUtils.parseDate(end, DateUtils.TIMEZONE_DATE_PATTERN));
  }

  private static JsonObject object(String secretData) {
    JsonElement value = null;
    try {
      // The static form is not there in the versions of Gson that old SDKs bring.
      @SuppressWarnings("deprecation")
      JsonElement parsed = new JsonParser().parse(secretData);
      value = parsed;
    } catch (JsonParseException notJson) {
      // Its message could show a piece of the value.
      value = null;
    }
    if (value == null || !value.isJsonObject()) {
      throw new IllegalArgumentException("the secret is no managed RAM secret: its value is no JSON object");
    }
    return value.getAsJsonObject();
  }

  private static String text(JsonObject value, String name) {
    JsonElement element = value.get(name);
    return element == null || !element.isJsonPrimitive() ? null : element.getAsString();
  }

  /**
   * Writes a managed RAM secret, for one's own {@code SecretRecoveryStrategy}.
   *
   * @param secretsManagerPluginCredentials the AccessKey
   * @param secretName the secret's name
   * @return a secret that is to be rotated after a day
   */
  public static SecretInfo generateSecretInfoByCredentials(
      SecretsManagerPluginCredentials secretsManagerPluginCredentials, String secretName) {
    if (secretsManagerPluginCredentials == null) {
      throw new IllegalArgumentException("there is no AccessKey");
    }
    JsonObject value = new JsonObject();
    value.addProperty(Constants.PROPERTY_NAME_KEY_ACCESS_KEY_ID, secretsManagerPluginCredentials.getAccessKeyId());
    value.addProperty(Constants.PROPERTY_NAME_KEY_ACCESS_KEY_SECRET, secretsManagerPluginCredentials.getAccessKeySecret());
    long now = System.currentTimeMillis();
    return new SecretInfo(
        secretName,
        UUID.randomUUID().toString(),
        value.toString(),
        "text",
        date(now),
        Constants.RAM_CREDENTIALS_SECRET_TYPE,
        Constants.DEFAULT_AUTOMATIC_ROTATION,
        "",
        Constants.DEFAULT_ROTATION_INTERVAL,
        date(now + TimeUnit.DAYS.toMillis(1)));
  }

  private static String date(long milliseconds) {
    return DateUtils.formatDate(new Date(milliseconds), DateUtils.TIMEZONE_DATE_PATTERN);
  }
}
