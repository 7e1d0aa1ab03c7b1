package com.aliyun.kms.secretsmanager.plugin.tea.openapi;

import java.util.concurrent.Callable;
import net.bytebuddy.implementation.bind.annotation.FieldValue;
import net.bytebuddy.implementation.bind.annotation.RuntimeType;
import net.bytebuddy.implementation.bind.annotation.SuperCall;

/** What a generated client calls instead of sending a request itself. Public because that client lives in another class loader. */
public final class Interceptor {
  static final String FIELD = "kmsakInterceptor";

  private final Renewal renewal;

  Interceptor(Renewal renewal) {
    this.renewal = renewal;
  }

  /**
   * Sends a request, and once more if its AccessKey was rejected.
   *
   * @param interceptor the client's; none yet while its constructor runs
   * @param request sends it
   * @return the service's answer
   * @throws Exception the service's error
   */
  @RuntimeType
  public static Object intercept(@FieldValue(FIELD) Interceptor interceptor, @SuperCall Callable<?> request) throws Exception {
    return interceptor == null ? request.call() : interceptor.renewal.call(request);
  }
}
