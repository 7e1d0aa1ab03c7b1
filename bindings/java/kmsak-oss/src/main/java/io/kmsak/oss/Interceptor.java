package io.kmsak.oss;

import com.aliyun.oss.OSSException;
import io.kmsak.KmsakException;
import java.util.concurrent.Callable;
import java.util.function.Predicate;
import net.bytebuddy.implementation.bind.annotation.AllArguments;
import net.bytebuddy.implementation.bind.annotation.FieldValue;
import net.bytebuddy.implementation.bind.annotation.RuntimeType;
import net.bytebuddy.implementation.bind.annotation.SuperCall;

/**
 * What a generated client's methods call: makes the call, and once more if its AccessKey was rejected. Public because that client lives in
 * another class loader.
 */
public final class Interceptor {
  static final String FIELD = "kmsakInterceptor";

  private final KmsakCredentialsProvider credentials;
  private final Predicate<? super OSSException> isRejection;
  private final Runnable afterShutdown;

  /** Whether this thread is inside a call already: the SDK's methods call each other. */
  private final ThreadLocal<Boolean> inside = new ThreadLocal<>();

  Interceptor(
      KmsakCredentialsProvider credentials, Predicate<? super OSSException> isRejection, Runnable afterShutdown) {
    this.credentials = credentials;
    this.isRejection = isRejection;
    this.afterShutdown = afterShutdown;
  }

  /**
   * Makes a call.
   *
   * @param interceptor the client's; none yet while its constructor runs
   * @param arguments the call's
   * @param call makes it
   * @return what the SDK returns
   * @throws Exception the SDK's exception
   */
  @RuntimeType
  public static Object intercept(
      @FieldValue(FIELD) Interceptor interceptor, @AllArguments Object[] arguments, @SuperCall Callable<?> call)
      throws Exception {
    return interceptor == null || interceptor.inside.get() != null
        ? call.call()
        : interceptor.call(arguments, call);
  }

  private Object call(Object[] arguments, Callable<?> call) throws Exception {
    inside.set(true);
    credentials.forget();
    try {
      Bodies bodies = new Bodies(arguments);
      try {
        return call.call();
      } catch (OSSException rejected) {
        renew(rejected);
        if (!bodies.rewind()) {
          throw rejected;
        }
        return call.call();
      }
    } finally {
      credentials.forget();
      inside.remove();
    }
  }

  private void renew(OSSException rejected) {
    if (!credentials.hasGiven() || !isRejection.test(rejected)) {
      throw rejected;
    }
    try {
      credentials.renew();
    } catch (KmsakException notRenewed) {
      rejected.addSuppressed(notRenewed);
      throw rejected;
    }
  }

  /** What a generated client calls to be shut down. */
  public static final class Shutdown {
    private Shutdown() {}

    /**
     * Shuts the client down, and what belongs to it.
     *
     * @param interceptor the client's
     * @param shutdown the SDK's own
     * @throws Exception what the SDK throws
     */
    public static void intercept(@FieldValue(FIELD) Interceptor interceptor, @SuperCall Callable<?> shutdown)
        throws Exception {
      try {
        shutdown.call();
      } finally {
        if (interceptor != null) {
          interceptor.afterShutdown.run();
        }
      }
    }
  }
}
