package io.kmsak.oss;

import com.aliyun.oss.OSS;
import com.aliyun.oss.OSSException;
import io.kmsak.KmsakException;
import java.lang.reflect.InvocationHandler;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.util.function.Predicate;

/** Makes the calls of an OSS client, and those whose AccessKey was rejected once more. */
final class RenewingCalls implements InvocationHandler {
  private final OSS client;
  private final KmsakCredentialsProvider credentials;
  private final Predicate<? super OSSException> isRejection;

  RenewingCalls(OSS client, KmsakCredentialsProvider credentials, Predicate<? super OSSException> isRejection) {
    this.client = client;
    this.credentials = credentials;
    this.isRejection = isRejection;
  }

  @Override
  public Object invoke(Object proxy, Method method, Object[] arguments) throws Throwable {
    credentials.forget();
    Bodies bodies = new Bodies(arguments);
    try {
      return method.invoke(client, arguments);
    } catch (InvocationTargetException thrown) {
      if (!(thrown.getCause() instanceof OSSException)) {
        throw thrown.getCause();
      }
      OSSException rejected = (OSSException) thrown.getCause();
      if (!credentials.hasGiven() || !isRejection.test(rejected)) {
        throw rejected;
      }
      try {
        credentials.renew();
      } catch (KmsakException notRenewed) {
        rejected.addSuppressed(notRenewed);
        throw rejected;
      }
      if (!bodies.rewind()) {
        throw rejected;
      }
      try {
        return method.invoke(client, arguments);
      } catch (InvocationTargetException again) {
        throw again.getCause();
      }
    } finally {
      credentials.forget();
    }
  }
}
