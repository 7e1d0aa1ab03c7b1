package com.aliyun.kms.secretsmanager.plugin.common.service;

import com.aliyun.kms.secretsmanager.plugin.common.SecretsManagerPluginCredentialUpdater;
import com.aliyun.kms.secretsmanager.plugin.common.model.MonitorMessageInfo;
import com.aliyun.kms.secretsmanager.plugin.common.utils.Constants;
import com.aliyun.kms.secretsmanager.plugin.common.utils.MonitorMessageUtils;
import com.aliyuncs.exceptions.ClientException;
import com.aliyuncs.kms.secretsmanager.client.cache.SecretCacheHook;
import com.aliyuncs.kms.secretsmanager.client.model.CacheSecretInfo;
import com.aliyuncs.kms.secretsmanager.client.model.SecretInfo;
import io.kmsak.managedcredentials.Log;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Predicate;

/** Hands each secret that was fetched to the updaters of its clients. Safe to use from any thread. */
@SuppressWarnings("rawtypes") // The updaters are raw types in the official SDK.
public class SecretsManagerPluginCacheHook implements SecretCacheHook {
  private final Map<String, List<SecretsManagerPluginCredentialUpdater>> updaters = new ConcurrentHashMap<>();
  private final BlockingQueue<MonitorMessageInfo> messages;
  private final SecretRecoveryStrategy recovery;

  /**
   * Without updaters.
   *
   * @param blockingQueue takes what went wrong
   * @param secretRecoveryStrategy gives secrets that cannot be had; null for none
   */
  public SecretsManagerPluginCacheHook(
      BlockingQueue<MonitorMessageInfo> blockingQueue, SecretRecoveryStrategy secretRecoveryStrategy) {
    this.messages = blockingQueue;
    this.recovery = secretRecoveryStrategy;
  }

  @Override
  public void init() {}

  @Override
  public CacheSecretInfo put(SecretInfo secretInfo) {
    String name = secretInfo.getSecretName();
    for (SecretsManagerPluginCredentialUpdater updater : of(name)) {
      try {
        updater.updateCredential(secretInfo);
      } catch (RuntimeException | LinkageError failure) {
        // The other updaters are still to come.
        Log.warn("a client of " + name + " did not take its new AccessKey", failure);
        MonitorMessageUtils.addMessage(
            messages, new MonitorMessageInfo(Constants.UPDATE_CREDENTIAL_ACTION, name, null, failure.getMessage(), true));
      }
    }
    return new CacheSecretInfo(secretInfo, Constants.KMS_SECRET_CURRENT_STAGE_VERSION, System.currentTimeMillis());
  }

  @Override
  public SecretInfo get(CacheSecretInfo cachedObject) {
    return cachedObject.getSecretInfo();
  }

  @Override
  public SecretInfo recoveryGetSecret(String secretName) throws ClientException {
    SecretInfo recovered = recovery == null ? null : recovery.recoveryGetSecret(secretName);
    String result = recovered == null ? "could not be had from elsewhere" : "was had from elsewhere";
    MonitorMessageUtils.addMessage(
        messages,
        new MonitorMessageInfo(Constants.RECOVERY_GET_SECRET_ACTION, secretName, null, secretName + " " + result, true));
    return recovered;
  }

  /**
   * Whether a secret has updaters.
   *
   * @param secretName its name
   * @return true if there is one
   */
  public boolean hasUpdaters(String secretName) {
    return !of(secretName).isEmpty();
  }

  /**
   * Adds an updater.
   *
   * @param secretName the secret that it wants
   * @param secretsManagerPluginUpdater the updater
   */
  public void registerSecretsManagerPluginUpdater(
      String secretName, SecretsManagerPluginCredentialUpdater secretsManagerPluginUpdater) {
    updaters.computeIfAbsent(secretName, name -> new CopyOnWriteArrayList<>()).add(secretsManagerPluginUpdater);
  }

  /**
   * Removes and closes the updaters of a client.
   *
   * @param secretName the secret's name
   * @param client the client
   * @throws IOException if an updater cannot be closed
   */
  public void closeSecretsManagerPluginUpdaterAndClient(String secretName, Object client) throws IOException {
    close(of(secretName), updater -> updater.getClient() == client);
  }

  /**
   * Removes and closes the updaters of certain classes.
   *
   * @param updaterClasses the classes
   * @throws IOException if an updater cannot be closed
   */
  public void closeSecretsManagerPluginUpdaterAndClient(
      Set<Class<? extends SecretsManagerPluginCredentialUpdater>> updaterClasses) throws IOException {
    for (List<SecretsManagerPluginCredentialUpdater> some : updaters.values()) {
      close(some, updater -> updaterClasses.contains(updater.getClass()));
    }
  }

  /** Removes and closes all updaters. */
  @Override
  public void close() throws IOException {
    for (List<SecretsManagerPluginCredentialUpdater> some : updaters.values()) {
      close(some, updater -> true);
    }
  }

  private List<SecretsManagerPluginCredentialUpdater> of(String secretName) {
    List<SecretsManagerPluginCredentialUpdater> some = updaters.get(secretName);
    return some == null ? new CopyOnWriteArrayList<>() : some;
  }

  private static void close(
      List<SecretsManagerPluginCredentialUpdater> some, Predicate<SecretsManagerPluginCredentialUpdater> which)
      throws IOException {
    IOException first = null;
    for (SecretsManagerPluginCredentialUpdater updater : some) {
      // Whoever removes it closes it.
      if (!which.test(updater) || !some.remove(updater)) {
        continue;
      }
      try {
        updater.close();
      } catch (IOException failure) {
        first = first == null ? failure : first;
      } catch (RuntimeException failure) {
        // The other clients are still to come.
        Log.warn("a client could not be closed", failure);
      }
    }
    if (first != null) {
      throw first;
    }
  }
}
