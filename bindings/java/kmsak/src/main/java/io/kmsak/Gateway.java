package io.kmsak;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;

/**
 * A KMS gateway to ask, for {@link ProviderBuilder#gateway}. What is left out is taken from the builder's own settings, and the endpoint
 * of an instance from its ClientKey. Not safe to use from several threads at once.
 */
public final class Gateway {
  /** Names and values by turns, for native code. */
  private final List<Object> settings = new ArrayList<>();

  private Gateway(String kind, String regionId) {
    add(kind, regionId);
  }

  /**
   * The shared gateway of a region, reached over the Internet unless {@link #vpc} or {@link #endpoint} say otherwise.
   *
   * @param regionId such as {@code cn-hangzhou}
   * @return a gateway
   */
  public static Gateway shared(String regionId) {
    return new Gateway("#shared", Objects.requireNonNull(regionId, "regionId"));
  }

  /**
   * The gateway of a KMS instance, reached inside its VPC.
   *
   * @return a gateway
   */
  public static Gateway instance() {
    return new Gateway("#instance", "");
  }

  /**
   * The region.
   *
   * @param regionId its id, such as {@code cn-hangzhou}
   * @return this
   */
  public Gateway regionId(String regionId) {
    add("region_id", regionId);
    return this;
  }

  /**
   * The gateway's address, if it is not the usual one.
   *
   * @param endpoint {@code host} or {@code host:port}
   * @return this
   */
  public Gateway endpoint(String endpoint) {
    add("endpoint", endpoint);
    return this;
  }

  /**
   * Whether to reach the shared gateway from inside a VPC, at {@code kms-vpc.<region>.aliyuncs.com}.
   *
   * @param vpc true inside a VPC
   * @return this
   */
  public Gateway vpc(boolean vpc) {
    add("vpc", Boolean.toString(vpc));
    return this;
  }

  /**
   * Who asks this gateway, as {@link ProviderBuilder#credentialsType} has it for all.
   *
   * @param type the type
   * @return this
   */
  public Gateway credentialsType(String type) {
    add("credentials_type", type);
    return this;
  }

  /**
   * This gateway's own ClientKey file.
   *
   * @param path the file, on disk or on the class path
   * @return this
   */
  public Gateway clientKeyFile(String path) {
    add("client_key_file", path);
    return this;
  }

  /**
   * The content of this gateway's own ClientKey file.
   *
   * @param json the content, which is copied
   * @return this
   */
  public Gateway clientKey(byte[] json) {
    add("client_key", Objects.requireNonNull(json, "json").clone());
    return this;
  }

  /**
   * The file with the password of this gateway's ClientKey.
   *
   * @param path the file, on disk or on the class path
   * @return this
   */
  public Gateway clientKeyPasswordFile(String path) {
    add("client_key_password_file", path);
    return this;
  }

  /**
   * The environment variable with the password of this gateway's ClientKey.
   *
   * @param variable its name
   * @return this
   */
  public Gateway clientKeyPasswordEnv(String variable) {
    add("client_key_password_env", variable);
    return this;
  }

  /**
   * The password of this gateway's ClientKey.
   *
   * @param password is copied, so that the caller may wipe it
   * @return this
   */
  public Gateway clientKeyPassword(char[] password) {
    add("client_key_password", ProviderBuilder.utf8(Objects.requireNonNull(password, "password")));
    return this;
  }

  /**
   * The certificates to trust instead of the public CAs.
   *
   * @param path a file of PEM certificates, on disk or on the class path
   * @return this
   */
  public Gateway caFile(String path) {
    add("ca_file", path);
    return this;
  }

  /**
   * The certificates to trust instead of the public CAs.
   *
   * @param pem PEM certificates
   * @return this
   */
  public Gateway ca(byte[] pem) {
    add("ca", Objects.requireNonNull(pem, "pem").clone());
    return this;
  }

  /**
   * Switches verification of the peer off: whoever answers at the endpoint's address is believed. Warned about at each start.
   *
   * @param ignore true to switch it off
   * @return this
   */
  public Gateway ignoreSslCerts(boolean ignore) {
    add("ignore_ssl_certs", Boolean.toString(ignore));
    return this;
  }

  /**
   * How long a connection may take to be made.
   *
   * @param timeout 1 ms to 10 min
   * @return this
   */
  public Gateway connectTimeout(Duration timeout) {
    add("connect_timeout", ProviderBuilder.milliseconds("connect_timeout", timeout));
    return this;
  }

  /**
   * How long the answer may take once the request is sent.
   *
   * @param timeout 1 ms to 10 min
   * @return this
   */
  public Gateway readTimeout(Duration timeout) {
    add("read_timeout", ProviderBuilder.milliseconds("read_timeout", timeout));
    return this;
  }

  /**
   * Has no effect: it is for plain HTTP, which KMS does not speak.
   *
   * @param proxy {@code http://host:port}
   * @return this
   */
  public Gateway httpProxy(String proxy) {
    add("http_proxy", proxy);
    return this;
  }

  /**
   * The proxy to reach KMS through.
   *
   * @param proxy {@code http://[user:password@]host:port}
   * @return this
   */
  public Gateway httpsProxy(String proxy) {
    add("https_proxy", proxy);
    return this;
  }

  /**
   * What is reached without a proxy.
   *
   * @param hosts hosts, domains and networks, separated by commas
   * @return this
   */
  public Gateway noProxy(String hosts) {
    add("no_proxy", hosts);
    return this;
  }

  Object[] settings() {
    return settings.toArray();
  }

  private void add(String name, Object value) {
    settings.add(name);
    settings.add(Objects.requireNonNull(value, name));
  }
}
