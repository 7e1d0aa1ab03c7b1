package io.kmsak.oss;

import com.aliyun.oss.OSS;
import com.aliyun.oss.OSSException;
import com.aliyun.oss.model.PutObjectRequest;
import com.aliyun.oss.model.UploadPartRequest;
import io.kmsak.KmsakException;
import java.io.InputStream;
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
      if (hasStream(arguments)) {
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

  /** Whether something was read that cannot be read again. */
  private static boolean hasStream(Object[] arguments) {
    if (arguments == null) {
      return false;
    }
    for (Object argument : arguments) {
      if (argument instanceof InputStream
          || argument instanceof PutObjectRequest && ((PutObjectRequest) argument).getInputStream() != null
          || argument instanceof UploadPartRequest && ((UploadPartRequest) argument).getInputStream() != null) {
        return true;
      }
    }
    return false;
  }
}
