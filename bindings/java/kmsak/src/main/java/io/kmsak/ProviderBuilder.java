package io.kmsak;

import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;

/**
 * Collects settings for a {@link Provider}. Each goes by the name of its property. What is set here wins over the environment, and the
 * environment over files, whatever the order of the calls. Not safe to use from several threads at once.
 */
public final class ProviderBuilder {
  private static final Duration LONGEST = Duration.ofMillis(Long.MAX_VALUE);

  /** Names and values by turns, for native code. */
  private final List<Object> settings = new ArrayList<>();

  ProviderBuilder() {}

  /**
   * Reads a properties file, from disk or the class path, when the provider is opened. Of several the one named last wins.
   *
   * @param path the file
   * @return this
   */
  public ProviderBuilder propertiesFile(String path) {
    add("#properties_file", Objects.requireNonNull(path, "path"));
    return this;
  }

  /**
   * Reads the content of a properties file.
   *
   * @param text in UTF-8 or ISO 8859-1
   * @return this
   */
  public ProviderBuilder properties(byte[] text) {
    add("#properties_text", Objects.requireNonNull(text, "text").clone());
    return this;
  }

  /**
   * Reads the environment variables that have the names of the properties.
   *
   * @return this
   */
  public ProviderBuilder environment() {
    add("#environment", "");
    return this;
  }

  /**
   * Reads the environment, and the file that {@code KMSAK_CONFIG} names, or else {@code managed_credentials_providers.properties}
   * in the working directory or on the class path, if there is one.
   *
   * @return this
   */
  public ProviderBuilder usualPlaces() {
    add("#usual_places", "");
    return this;
  }

  /**
   * Any setting as the text that would stand in a properties file.
   *
   * @param name the property's name; an unknown one is an error when the provider is opened
   * @param value the text
   * @return this
   */
  public ProviderBuilder property(String name, String value) {
    add(plain(Objects.requireNonNull(name, "name")), value);
    return this;
  }

  /**
   * Adds a gateway; the order is the order of preference.
   *
   * @param gateway as it is now
   * @return this
   */
  public ProviderBuilder gateway(Gateway gateway) {
    add("#gateway", Objects.requireNonNull(gateway, "gateway").settings());
    return this;
  }

  /**
   * The ClientKey file, {@code clientKey_****.json}, of every gateway that has none of its own.
   *
   * @param path the file, on disk or on the class path
   * @return this
   */
  public ProviderBuilder clientKeyFile(String path) {
    add("client_key_private_key_path", path);
    return this;
  }

  /**
   * The content of the ClientKey file.
   *
   * @param json the content, which is copied
   * @return this
   */
  public ProviderBuilder clientKey(byte[] json) {
    add("#client_key", Objects.requireNonNull(json, "json").clone());
    return this;
  }

  /**
   * The file with the ClientKey's password. Blanks and line ends around it do not count.
   *
   * @param path the file, on disk or on the class path
   * @return this
   */
  public ProviderBuilder clientKeyPasswordFile(String path) {
    add("client_key_password_from_file_path", path);
    return this;
  }

  /**
   * The environment variable with the ClientKey's password.
   *
   * @param variable its name
   * @return this
   */
  public ProviderBuilder clientKeyPasswordEnv(String variable) {
    add("client_key_password_from_env_variable", variable);
    return this;
  }

  /**
   * The ClientKey's password.
   *
   * @param password is copied, so that the caller may wipe it
   * @return this
   */
  public ProviderBuilder clientKeyPassword(char[] password) {
    add("#client_key_password", utf8(Objects.requireNonNull(password, "password")));
    return this;
  }

  /**
   * The secrets to fetch at start, side by side.
   *
   * @param names their names
   * @return this
   */
  public ProviderBuilder secretNames(String... names) {
    add("secret_names", String.join(",", Objects.requireNonNull(names, "names")));
    return this;
  }

  /**
   * How often a secret without a rotation date in sight is fetched again: 6 h by default.
   *
   * @param duration in whole milliseconds
   * @return this
   */
  public ProviderBuilder rotationInterval(Duration duration) {
    add("rotation_interval", milliseconds("rotation_interval", duration));
    return this;
  }

  /**
   * How long after its rotation date a secret is fetched: 5 min by default.
   *
   * @param duration in whole milliseconds
   * @return this
   */
  public ProviderBuilder delayInterval(Duration duration) {
    add("delay_interval", milliseconds("delay_interval", duration));
    return this;
  }

  /**
   * The most that is added to each refresh at random: 30 min by default.
   *
   * @param duration in whole milliseconds
   * @return this
   */
  public ProviderBuilder jitterInterval(Duration duration) {
    add("jitter_interval", milliseconds("jitter_interval", duration));
    return this;
  }

  /**
   * How long a connection may take to be made: 3 s by default.
   *
   * @param duration in whole milliseconds
   * @return this
   */
  public ProviderBuilder connectTimeout(Duration duration) {
    add("connect_timeout", milliseconds("connect_timeout", duration));
    return this;
  }

  /**
   * How long the answer may take once the request is sent: 10 s by default.
   *
   * @param duration in whole milliseconds
   * @return this
   */
  public ProviderBuilder readTimeout(Duration duration) {
    add("read_timeout", milliseconds("read_timeout", duration));
    return this;
  }

  /**
   * How long a call may wait for a fetch with all its retries: 20 s by default.
   *
   * @param duration in whole milliseconds
   * @return this
   */
  public ProviderBuilder fetchDeadline(Duration duration) {
    add("fetch_deadline", milliseconds("fetch_deadline", duration));
    return this;
  }

  /**
   * How long a renewal goes on asking while KMS still answers with the rejected AccessKey: 10 s by default.
   *
   * @param duration in whole milliseconds
   * @return this
   */
  public ProviderBuilder renewDeadline(Duration duration) {
    add("renew_deadline", milliseconds("renew_deadline", duration));
    return this;
  }

  /**
   * After which time a secret is given one renewal more: 10 min by default.
   *
   * @param duration in whole milliseconds
   * @return this
   */
  public ProviderBuilder renewRefillInterval(Duration duration) {
    add("renew_refill_interval", milliseconds("renew_refill_interval", duration));
    return this;
  }

  /**
   * The age from which a cached value is no longer handed out while KMS cannot be reached. Off by default: stale is better than
   * nothing.
   *
   * @param duration in whole milliseconds
   * @return this
   */
  public ProviderBuilder maxStale(Duration duration) {
    add("max_stale", milliseconds("max_stale", duration));
    return this;
  }

  /**
   * How many renewals in a row a secret is given: 5 by default.
   *
   * @param tokens 1 to 1,000
   * @return this
   */
  public ProviderBuilder renewTokens(int tokens) {
    add("renew_tokens", Integer.toString(tokens));
    return this;
  }

  /**
   * The proxy to reach KMS through. Without one, the JVM's {@code https.proxyHost}, {@code https.proxyPort} and {@code http.nonProxyHosts}
   * count, and then the environment's {@code HTTPS_PROXY}.
   *
   * @param proxy {@code http://[user:password@]host:port}
   * @return this
   */
  public ProviderBuilder httpsProxy(String proxy) {
    add("https_proxy", proxy);
    return this;
  }

  /**
   * What is reached without a proxy.
   *
   * @param hosts hosts, domains and networks, separated by commas
   * @return this
   */
  public ProviderBuilder noProxy(String hosts) {
    add("no_proxy", hosts);
    return this;
  }

  /**
   * The codes by which a cloud service says that it does not know an AccessKey, instead of those of {@link
   * Provider#isRejection(String, String)}.
   *
   * @param codes the error codes; {@code Code:words} counts only where the message has the words
   * @return this
   */
  public ProviderBuilder rejectionCodes(String... codes) {
    add("rejection_codes", String.join(",", Objects.requireNonNull(codes, "codes")));
    return this;
  }

  /**
   * The encrypted file in which secrets survive a restart. Off by default.
   *
   * @param path the file
   * @return this
   */
  public ProviderBuilder cacheFile(String path) {
    add("cache_file", path);
    return this;
  }

  /**
   * Checks everything and opens the provider.
   *
   * @return an open provider
   * @throws ConfigurationException with the setting, what stood there unless it may be secret, and what is expected
   * @throws ClientKeyException if the ClientKey or its password cannot be used
   */
  public Provider open() {
    List<Object> settings = new ArrayList<>(this.settings);
    Object[] proxy = JvmProxy.settings();
    if (proxy != null) {
      settings.add("#jvm_proxy");
      settings.add(proxy);
    }
    return new Provider(NativeProvider.open(settings.toArray(), new Resources()));
  }

  private void add(String name, Object value) {
    settings.add(name);
    settings.add(Objects.requireNonNull(value, name));
  }

  /** The names with a number sign are for this class alone. */
  private static String plain(String name) {
    return name.startsWith("#") ? " " + name : name;
  }

  static String milliseconds(String name, Duration duration) {
    if (Objects.requireNonNull(duration, name).isNegative()) {
      throw new ConfigurationException(null, null, false, 0, name + " is " + duration + ": expected no negative duration");
    }
    // What does not fit into a long is refused as too long by native code.
    return Long.toString(duration.compareTo(LONGEST) < 0 ? duration.toMillis() : Long.MAX_VALUE);
  }

  static byte[] utf8(char[] text) {
    ByteBuffer encoded = StandardCharsets.UTF_8.encode(CharBuffer.wrap(text));
    byte[] bytes = new byte[encoded.remaining()];
    encoded.get(bytes);
    Arrays.fill(encoded.array(), (byte) 0);
    return bytes;
  }
}
