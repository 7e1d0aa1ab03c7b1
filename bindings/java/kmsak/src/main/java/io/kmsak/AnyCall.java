package io.kmsak;

/**
 * A call to a cloud service, for {@link Provider#execute}.
 *
 * @param <T> what it returns
 */
@FunctionalInterface
public interface AnyCall<T> {
  /**
   * Makes the call. Runs a second time if the service rejected the AccessKey.
   *
   * @param credentials the AccessKey to call with
   * @return the service's answer
   * @throws Exception the service's error
   */
  T run(Credentials credentials) throws Exception;
}
