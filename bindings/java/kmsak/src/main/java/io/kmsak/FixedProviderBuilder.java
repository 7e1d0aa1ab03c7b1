package io.kmsak;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;

/**
 * Collects what a {@link Provider} for tests hands out: no network, no files, no emulator. A secret has one version or several, in the order
 * in which they are given. The first fetch gets the first; each fetch after it, by {@link Provider#refresh} or by the {@link
 * Provider#renew} of an AccessKey that is in use, gets the next, as if KMS had just rotated the secret; the last one stays. What
 * follows is a real provider's: the cache, the events, what {@code call} and {@code renew} do. Not safe to use from several threads at once.
 */
public final class FixedProviderBuilder {
  /** Names with an id and a secret, or with null and a value, for native code. */
  private final List<Object> versions = new ArrayList<>();

  FixedProviderBuilder() {}

  /**
   * The next version of a managed RAM secret.
   *
   * @param name the secret's name
   * @param accessKeyId its AccessKey's id
   * @param accessKeySecret its AccessKey's secret
   * @return this
   */
  public FixedProviderBuilder accessKey(String name, String accessKeyId, String accessKeySecret) {
    versions.add(Objects.requireNonNull(name, "name"));
    versions.add(Objects.requireNonNull(accessKeyId, "accessKeyId"));
    versions.add(Objects.requireNonNull(accessKeySecret, "accessKeySecret"));
    return this;
  }

  /**
   * The next version of a generic secret.
   *
   * @param name the secret's name
   * @param value its value
   * @return this
   */
  public FixedProviderBuilder secret(String name, String value) {
    return secret(name, Objects.requireNonNull(value, "value").getBytes(StandardCharsets.UTF_8));
  }

  /**
   * The next version of a generic secret.
   *
   * @param name the secret's name
   * @param value its value, which is copied
   * @return this
   */
  public FixedProviderBuilder secret(String name, byte[] value) {
    versions.add(Objects.requireNonNull(name, "name"));
    versions.add(null);
    versions.add(Objects.requireNonNull(value, "value").clone());
    return this;
  }

  /**
   * Opens the provider.
   *
   * @return an open provider
   * @throws ConfigurationException for a name that no secret can have, and for an AccessKey that is none
   */
  public Provider open() {
    return new Provider(NativeProvider.openFixed(versions.toArray()));
  }
}
