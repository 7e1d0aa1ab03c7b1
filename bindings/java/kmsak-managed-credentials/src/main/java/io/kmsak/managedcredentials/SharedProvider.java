package io.kmsak.managedcredentials;

import com.aliyun.kms.secretsmanager.plugin.common.utils.ConfigLoader;
import io.kmsak.KmsakException;
import io.kmsak.Provider;
import java.lang.ref.WeakReference;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import java.util.function.Supplier;

/**
 * The provider that all clients with one configuration share. It is closed with the last of them, and when all of them became
 * unreachable without being shut down.
 */
public final class SharedProvider implements AutoCloseable {
  /** By the name of the configuration; held by the clients alone. */
  private static final Map<String, WeakReference<Users>> OPEN = new HashMap<>();

  private static final class Users {
    final Provider provider;
    int count;

    Users(Provider provider) {
      this.provider = provider;
    }
  }

  private final String configName;
  private final Users users;
  private boolean closed;

  private SharedProvider(String configName, Users users) {
    this.configName = configName;
    this.users = users;
  }

  /**
   * Opens the provider that {@link ConfigLoader} says, or joins those who did, and fetches the secret if nobody has yet.
   *
   * @param secretName the managed RAM secret
   * @return this client's share, to be closed with the client
   * @throws KmsakException if the configuration is wrong or the secret cannot be fetched
   */
  public static SharedProvider open(String secretName) {
    Objects.requireNonNull(secretName, "secretName");
    SharedProvider share = join();
    share.closedOnFailure(() -> share.provider().credentials(secretName));
    return share;
  }

  /**
   * Opens the provider that {@link ConfigLoader} says, or joins those who did. Asks KMS nothing.
   *
   * @return a share, to be closed
   * @throws KmsakException if the configuration is wrong
   */
  public static SharedProvider join() {
    return join(ConfigLoader.getConfigName());
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

  private static SharedProvider join(String configName) {
    synchronized (OPEN) {
      WeakReference<Users> open = OPEN.get(configName);
      Users users = open == null ? null : open.get();
      if (users == null) {
        users = new Users(configName == null ? Provider.fromEnv() : Provider.fromFile(configName));
        OPEN.put(configName, new WeakReference<>(users));
      }
      users.count++;
      return new SharedProvider(configName, users);
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
        OPEN.remove(configName);
        users.provider.close();
      }
    }
  }
}
