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
    add("properties_file", Objects.requireNonNull(path, "path"));
    return this;
  }

  /**
   * Reads the content of a properties file.
   *
   * @param text in UTF-8 or ISO 8859-1
   * @return this
   */
  public ProviderBuilder properties(byte[] text) {
    add("properties_text", Objects.requireNonNull(text, "text").clone());
    return this;
  }

  /**
   * Reads the environment variables that have the names of the properties.
   *
   * @return this
   */
  public ProviderBuilder environment() {
    add("environment", "true");
    return this;
  }

  /**
   * Reads the environment, and the file that {@code KMSAK_CONFIG} names, or else {@code managed_credentials_providers.properties}
   * in the working directory or on the class path, if there is one.
   *
   * @return this
   */
  public ProviderBuilder usualPlaces() {
    add("usual_places", "true");
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
    add("#property", new Object[] {Objects.requireNonNull(name, "name"), Objects.requireNonNull(value, name)});
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
    add("client_key_file", path);
    return this;
  }

  /**
   * The content of the ClientKey file.
   *
   * @param json the content, which is copied
   * @return this
   */
  public ProviderBuilder clientKey(byte[] json) {
    add("client_key", Objects.requireNonNull(json, "json").clone());
    return this;
  }

  /**
   * The file with the ClientKey's password. Blanks and line ends around it do not count.
   *
   * @param path the file, on disk or on the class path
   * @return this
   */
  public ProviderBuilder clientKeyPasswordFile(String path) {
    add("client_key_password_file", path);
    return this;
  }

  /**
   * The environment variable with the ClientKey's password.
   *
   * @param variable its name
   * @return this
   */
  public ProviderBuilder clientKeyPasswordEnv(String variable) {
    add("client_key_password_env", variable);
    return this;
  }

  /**
   * The ClientKey's password.
   *
   * @param password is copied, so that the caller may wipe it
   * @return this
   */
  public ProviderBuilder clientKeyPassword(char[] password) {
    add("client_key_password", utf8(Objects.requireNonNull(password, "password")));
    return this;
  }

  /**
   * Who asks the gateways that have no ClientKey of their own.
   *
   * @param type {@code client_key}, or in its place {@code ak}, {@code sts}, {@code ram_role}, {@code ecs_ram_role}, {@code oidc_role_arn} or
   *     {@code default}, the chain of the official SDKs
   * @return this
   */
  public ProviderBuilder credentialsType(String type) {
    add("credentials_type", type);
    return this;
  }

  /**
   * The AccessKey that asks ({@code ak}, {@code sts}), or that assumes the role ({@code ram_role}).
   *
   * @param id its id
   * @return this
   */
  public ProviderBuilder accessKeyId(String id) {
    add("access_key_id", id);
    return this;
  }

  /**
   * The secret of that AccessKey.
   *
   * @param secret is copied, so that the caller may wipe it
   * @return this
   */
  public ProviderBuilder accessKeySecret(char[] secret) {
    add("access_key_secret", utf8(Objects.requireNonNull(secret, "secret")));
    return this;
  }

  /**
   * The security token that belongs to the AccessKey, for {@code sts}.
   *
   * @param token is copied, so that the caller may wipe it
   * @return this
   */
  public ProviderBuilder securityToken(char[] token) {
    add("security_token", utf8(Objects.requireNonNull(token, "token")));
    return this;
  }

  /**
   * The ECS instance's RAM role, for {@code ecs_ram_role}; the metadata service names it where this does not.
   *
   * @param name the role
   * @return this
   */
  public ProviderBuilder roleName(String name) {
    add("role_name", name);
    return this;
  }

  /**
   * The role to assume, for {@code ram_role} and {@code oidc_role_arn}.
   *
   * @param arn its ARN
   * @return this
   */
  public ProviderBuilder roleArn(String arn) {
    add("role_arn", arn);
    return this;
  }

  /**
   * What the role's session is called in the audit trail.
   *
   * @param name the name
   * @return this
   */
  public ProviderBuilder roleSessionName(String name) {
    add("role_session_name", name);
    return this;
  }

  /**
   * How long an assumed role's token lasts: an hour by default.
   *
   * @param duration 15 min to 12 h, in whole seconds
   * @return this
   */
  public ProviderBuilder roleSessionDuration(Duration duration) {
    add("role_session_duration", milliseconds("role_session_duration", duration));
    return this;
  }

  /**
   * A RAM policy that narrows what an assumed role may do.
   *
   * @param policy JSON
   * @return this
   */
  public ProviderBuilder rolePolicy(String policy) {
    add("role_policy", policy);
    return this;
  }

  /**
   * The external id that the role's trust policy asks for, for {@code ram_role}.
   *
   * @param id the id
   * @return this
   */
  public ProviderBuilder roleExternalId(String id) {
    add("role_external_id", id);
    return this;
  }

  /**
   * Who assumes the role, for {@code ram_role}.
   *
   * @param type {@code ak} by default, {@code ecs_ram_role}, {@code oidc_role_arn} or {@code default}
   * @return this
   */
  public ProviderBuilder roleSourceType(String type) {
    add("role_source_type", type);
    return this;
  }

  /**
   * The OIDC identity provider, for {@code oidc_role_arn}; else the environment's.
   *
   * @param arn its ARN
   * @return this
   */
  public ProviderBuilder oidcProviderArn(String arn) {
    add("oidc_provider_arn", arn);
    return this;
  }

  /**
   * The file with the OIDC token, for {@code oidc_role_arn}; else the environment's. It is read anew each time.
   *
   * @param path the file
   * @return this
   */
  public ProviderBuilder oidcTokenFile(String path) {
    add("oidc_token_file", path);
    return this;
  }

  /**
   * Where an ECS instance asks for its role: {@code http://100.100.100.200} by default.
   *
   * @param endpoint its URL
   * @return this
   */
  public ProviderBuilder ecsMetadataEndpoint(String endpoint) {
    add("ecs_metadata_endpoint", endpoint);
    return this;
  }

  /**
   * The region whose STS is asked for a role.
   *
   * @param regionId such as {@code cn-hangzhou}
   * @return this
   */
  public ProviderBuilder stsRegionId(String regionId) {
    add("sts_region_id", regionId);
    return this;
  }

  /**
   * The STS to ask for a role; it wins over the region.
   *
   * @param endpoint {@code host} or {@code host:port}
   * @return this
   */
  public ProviderBuilder stsEndpoint(String endpoint) {
    add("sts_endpoint", endpoint);
    return this;
  }

  /**
   * The certificates to trust instead of the public CAs where STS is asked.
   *
   * @param path a file of PEM certificates, on disk or on the class path
   * @return this
   */
  public ProviderBuilder stsCaFile(String path) {
    add("sts_ca_file", path);
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
   * How many processes share the account's quota of KMS; the secret's CustomData may say it instead.
   *
   * @param processes their number
   * @return this
   */
  public ProviderBuilder fleetSize(int processes) {
    add("fleet_size", Integer.toString(processes));
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
   * How long a renewal goes on asking while KMS still answers with the rejected AccessKey: 15 s by default.
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
   * Has no effect: it is for plain HTTP, which KMS does not speak. Checked all the same, as the official clients' configuration has it.
   *
   * @param proxy {@code http://host:port}
   * @return this
   */
  public ProviderBuilder httpProxy(String proxy) {
    add("http_proxy", proxy);
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
