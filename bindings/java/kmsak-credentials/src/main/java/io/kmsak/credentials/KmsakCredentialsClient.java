package io.kmsak.credentials;

import com.aliyun.credentials.Client;
import com.aliyun.credentials.models.Config;
import com.aliyun.credentials.models.CredentialModel;
import io.kmsak.Credentials;
import io.kmsak.Provider;
import java.util.Objects;

/**
 * The credential of a V2.0 SDK's {@code Config}, with {@code credentials-java} 0.2, 0.3 and 1.x. Safe to use from any thread.
 *
 * <pre>{@code
 * config.credential = new KmsakCredentialsClient(provider, "acs/ram/user/app");
 * }</pre>
 *
 * <p>Older SDKs ask for the id and the secret one after the other: a thread that has asked for the one gets the other of the same AccessKey.
 */
@SuppressWarnings("deprecation") // Older SDKs call what newer ones deprecate.
public class KmsakCredentialsClient extends Client {
  private final Provider provider;
  private final String secretName;

  /**
   * What the thread got last: the id, the secret, and then whether it was told the id and the secret. Of a class of the JVM's, so that a
   * thread holds no class loader of an application's.
   */
  private final ThreadLocal<Object[]> given = new ThreadLocal<>();

  private static final int ID = 0;
  private static final int SECRET = 1;
  private static final int TOLD = 2;

  /**
   * For a managed RAM secret.
   *
   * @param provider stays the caller's, to be closed after the last request
   * @param secretName the secret's name, such as {@code acs/ram/user/app}
   */
  public KmsakCredentialsClient(Provider provider, String secretName) {
    super(nothing());
    this.provider = Objects.requireNonNull(provider, "provider");
    this.secretName = Objects.requireNonNull(secretName, "secretName");
  }

  /** What every version of the constructor takes without looking anywhere; it is never handed out. */
  private static Config nothing() {
    Config config = new Config();
    config.type = "access_key";
    config.accessKeyId = "managed";
    config.accessKeySecret = "managed";
    return config;
  }

  /** The AccessKey of this moment; id and secret belong together. */
  @Override
  public CredentialModel getCredential() {
    Object[] now = fetch();
    return CredentialModel.builder()
        .accessKeyId(half(now, ID))
        .accessKeySecret(half(now, SECRET))
        .type(getType())
        .build();
  }

  @Override
  public String getAccessKeyId() {
    return half(ID);
  }

  @Override
  public String getAccessKeySecret() {
    return half(SECRET);
  }

  private String half(int which) {
    Object[] now = given.get();
    return half(now == null || now[TOLD + which] != null ? fetch() : now, which);
  }

  private static String half(Object[] now, int which) {
    now[TOLD + which] = true;
    return (String) now[which];
  }

  /** Managed AccessKeys have none. */
  @Override
  public String getSecurityToken() {
    return null;
  }

  @Override
  public String getType() {
    return "access_key";
  }

  /** Managed AccessKeys have none. */
  @Override
  public String getBearerToken() {
    return null;
  }

  /**
   * The AccessKey that this thread got last, which is the one that its request is signed with.
   *
   * @return its id; null if it got none since {@link #forget}
   */
  public String lastAccessKeyId() {
    Object[] now = given.get();
    return now == null ? null : (String) now[ID];
  }

  /** Forgets what this thread got last. */
  public void forget() {
    given.remove();
  }

  private Object[] fetch() {
    Credentials credentials = provider.credentials(secretName);
    Object[] now = {credentials.accessKeyId(), credentials.accessKeySecret(), null, null};
    given.set(now);
    return now;
  }
}
