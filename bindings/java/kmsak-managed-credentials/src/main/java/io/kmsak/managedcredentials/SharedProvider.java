package io.kmsak.managedcredentials;

import com.aliyun.kms.secretsmanager.plugin.common.utils.ConfigLoader;
import com.aliyuncs.kms.secretsmanager.client.exception.CacheSecretException;
import io.kmsak.KmsakException;
import io.kmsak.Provider;
import java.lang.ref.WeakReference;
import java.util.HashMap;
import java.util.Map;
import java.util.function.Function;
import java.util.function.Supplier;

/**
 * The provider that all clients with one configuration share. It is closed with the last of them, and when all of them became
 * unreachable without being shut down.
 */
public final class SharedProvider implements AutoCloseable {
  /** By the name of the configuration, or by the plug-in that has one of its own; held by the clients alone. */
  private static final Map<Object, WeakReference<Users>> OPEN = new HashMap<>();

  /** What clients are to use instead of the configuration's name; null for nothing. */
  private static volatile Own own;

  private static final class Users {
    final Provider provider;
    int count;

    Users(Provider provider) {
      this.provider = provider;
    }
  }

  /** A plug-in's own configuration. */
  private static final class Own {
    final Object key;
    final Supplier<Provider> opening;
    final Function<String, String> realName;

    Own(Object key, Supplier<Provider> opening, Function<String, String> realName) {
      this.key = key;
      this.opening = opening;
      this.realName = realName;
    }
  }

  private final Object key;
  private final Users users;
  private boolean closed;

  private SharedProvider(Object key, Users users) {
    this.key = key;
    this.users = users;
  }

  /**
   * Opens the provider of this moment, or joins those who did, and fetches a secret if nobody has yet.
   *
   * @param secretName the managed RAM secret
   * @return this client's share, to be closed with the client
   * @throws CacheSecretException if the configuration is wrong or the secret cannot be fetched; the cause is a {@link KmsakException}
   * @throws IllegalArgumentException if the name is null or empty
   */
  public static SharedProvider open(String secretName) throws CacheSecretException {
    String name = realName(secretName);
    try {
      SharedProvider share = join();
      return share.closedOnFailure(
          () -> {
            share.provider().credentials(name);
            return share;
          });
    } catch (KmsakException failure) {
      throw new CacheSecretException(failure);
    }
  }

  /**
   * As {@link #open}, for constructors that declare nothing.
   *
   * @param secretName the managed RAM secret
   * @return this client's share, to be closed with the client
   * @throws RuntimeException as the official SDK does: its cause is a {@link CacheSecretException}
   * @throws IllegalArgumentException if the name is null or empty
   */
  public static SharedProvider openUnchecked(String secretName) {
    try {
      return open(secretName);
    } catch (CacheSecretException failure) {
      throw new RuntimeException(failure.getMessage(), failure);
    }
  }

  /**
   * The name that KMS knows a secret by.
   *
   * @param secretName the application's name
   * @return the same, unless a plug-in with a {@code SecretExchange} says otherwise
   * @throws IllegalArgumentException if the name is null or empty
   */
  public static String realName(String secretName) {
    if (secretName == null || secretName.isEmpty()) {
      throw new IllegalArgumentException("the secret's name is missing: expected one such as acs/ram/user/app");
    }
    Own now = own;
    return now == null ? secretName : now.realName.apply(secretName);
  }

  /**
   * Opens the provider of this moment, or joins those who did. Asks KMS nothing.
   *
   * @return a share, to be closed
   * @throws KmsakException if the configuration is wrong
   */
  public static SharedProvider join() {
    Own now = own;
    if (now != null) {
      return join(now.key, now.opening);
    }
    String configName = ConfigLoader.getConfigName();
    return join(configName, () -> configName == null ? Provider.fromEnv() : Provider.fromFile(configName));
  }

  /**
   * From now on all clients use a plug-in's own configuration.
   *
   * @param plugin the plug-in
   * @param opening opens a provider with its configuration
   * @param realName gives the names that KMS knows
   */
  public static void use(Object plugin, Supplier<Provider> opening, Function<String, String> realName) {
    own = new Own(plugin, opening, realName);
  }

  /**
   * Ends what {@link #use} began.
   *
   * @param plugin the plug-in
   */
  public static void useNoMore(Object plugin) {
    Own now = own;
    if (now != null && now.key == plugin) {
      own = null;
    }
  }

  /**
   * Closes this share if its client cannot be made.
   *
   * @param making makes it
   * @param <T> the client's type
   * @return the client
   */
  public <T> T closedOnFailure(Supplier<T> making) {
    try {
      return making.get();
    } catch (RuntimeException | Error failure) {
      close();
      throw failure;
    }
  }

  private static SharedProvider join(Object key, Supplier<Provider> opening) {
    synchronized (OPEN) {
      WeakReference<Users> open = OPEN.get(key);
      Users users = open == null ? null : open.get();
      if (users == null) {
        users = new Users(opening.get());
        OPEN.put(key, new WeakReference<>(users));
      }
      users.count++;
      return new SharedProvider(key, users);
    }
  }

  /**
   * The provider.
   *
   * @return open until this share is closed
   */
  public Provider provider() {
    return users.provider;
  }

  /** Closes the provider if this was the last share. Closing again does nothing. */
  @Override
  public void close() {
    synchronized (OPEN) {
      if (closed) {
        return;
      }
      closed = true;
      users.count--;
      if (users.count == 0) {
        OPEN.remove(key);
        users.provider.close();
      }
    }
  }
}
