package io.kmsak;

/**
 * A call to a cloud service, for {@link Provider#call(String, Call)}.
 *
 * @param <T> what it returns
 * @param <E> what it throws
 */
@FunctionalInterface
public interface Call<T, E extends Exception> {
  /**
   * Makes the call. Runs a second time if the service rejected the AccessKey.
   *
   * @param credentials the AccessKey to call with
   * @return the service's answer
   * @throws E the service's error
   */
  T run(Credentials credentials) throws E;
}
