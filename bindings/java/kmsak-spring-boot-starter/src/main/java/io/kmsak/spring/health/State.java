package io.kmsak.spring.health;

import io.kmsak.Provider;
import io.kmsak.Stats;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * How a provider is: down when it is closed, or when a secret was never fetched and cannot be. A KMS that is away is told and is no reason
 * to be down, for what is cached stays in use.
 */
final class State {
  private final boolean up;
  private final Map<String, Object> details = new LinkedHashMap<>();

  private State(Provider provider) {
    Stats stats = provider.stats();
    Map<String, Object> secrets = new LinkedHashMap<>();
    boolean complete = true;
    for (Stats.SecretStats secret : stats.secrets()) {
      Map<String, Object> told = new LinkedHashMap<>();
      if (secret.age() != null) {
        told.put("age", secret.age().toString());
      }
      told.put("staleFor", secret.staleFor().toString());
      if (secret.lastError() != null) {
        told.put("lastError", secret.lastError().getMessage());
      }
      complete &= secret.age() != null || secret.lastError() == null;
      secrets.put(secret.name(), told);
    }
    Map<String, Object> endpoints = new LinkedHashMap<>();
    stats.endpoints().forEach(endpoint -> endpoints.put(endpoint.endpoint(), endpoint.down() ? "down" : "up"));
    Map<String, Object> clientKeys = new LinkedHashMap<>();
    stats.clientKeys().forEach(key -> clientKeys.put(key.keyId(), Map.of("daysLeft", key.daysLeft())));
    details.put("secrets", secrets);
    details.put("endpoints", endpoints);
    details.put("clientKeys", clientKeys);
    up = complete && !provider.isClosed();
  }

  static State of(Provider provider) {
    return new State(provider);
  }

  boolean isUp() {
    return up;
  }

  Map<String, Object> details() {
    return details;
  }
}
