package io.kmsak.oss;

import com.aliyun.oss.ClientConfiguration;
import com.aliyun.oss.OSS;
import com.aliyun.oss.OSSClient;
import com.aliyun.oss.common.auth.CredentialsProvider;
import java.lang.reflect.Constructor;
import java.lang.reflect.InvocationTargetException;
import java.util.HashSet;
import java.util.Set;
import net.bytebuddy.ByteBuddy;
import net.bytebuddy.description.method.MethodDescription;
import net.bytebuddy.description.modifier.Visibility;
import net.bytebuddy.description.type.TypeDescription;
import net.bytebuddy.dynamic.loading.ClassLoadingStrategy;
import net.bytebuddy.implementation.FieldAccessor;
import net.bytebuddy.implementation.MethodDelegation;
import net.bytebuddy.matcher.ElementMatcher;
import net.bytebuddy.matcher.ElementMatchers;

/**
 * A subclass of {@link OSSClient} whose methods go through an {@link Interceptor}: those that {@link OSS} has in the SDK's version that is
 * there.
 */
final class RenewingClients {
  private static final Constructor<? extends OSSClient> CONSTRUCTOR = generate();

  private RenewingClients() {}

  /** Public because the generated class lives in another class loader. */
  public interface Renewing {
    void kmsakRenews(Interceptor interceptor);
  }

  static OSSClient open(
      String endpoint, CredentialsProvider credentials, ClientConfiguration configuration, Interceptor interceptor) {
    try {
      OSSClient client = CONSTRUCTOR.newInstance(endpoint, credentials, configuration);
      ((Renewing) client).kmsakRenews(interceptor);
      return client;
    } catch (InvocationTargetException refused) {
      if (refused.getCause() instanceof RuntimeException) {
        throw (RuntimeException) refused.getCause();
      }
      throw new IllegalStateException("no OSS client can be made", refused.getCause());
    } catch (ReflectiveOperationException impossible) {
      throw new IllegalStateException("no OSS client can be made", impossible);
    }
  }

  private static Constructor<? extends OSSClient> generate() {
    Set<MethodDescription.SignatureToken> requests = new HashSet<>();
    for (MethodDescription method : TypeDescription.ForLoadedType.of(OSS.class).getDeclaredMethods()) {
      requests.add(method.asSignatureToken());
    }
    ElementMatcher<MethodDescription> shutdown = ElementMatchers.<MethodDescription>named("shutdown").and(ElementMatchers.takesNoArguments());
    try {
      return new ByteBuddy()
          .subclass(OSSClient.class)
          .defineField(Interceptor.FIELD, Interceptor.class, Visibility.PRIVATE)
          .implement(Renewing.class)
          .intercept(FieldAccessor.ofField(Interceptor.FIELD))
          .method(method -> requests.contains(method.asSignatureToken()))
          .intercept(MethodDelegation.to(Interceptor.class))
          .method(shutdown)
          .intercept(MethodDelegation.to(Interceptor.Shutdown.class))
          .make()
          .load(RenewingClients.class.getClassLoader(), ClassLoadingStrategy.Default.WRAPPER)
          .getLoaded()
          .getConstructor(String.class, CredentialsProvider.class, ClientConfiguration.class);
    } catch (NoSuchMethodException impossible) {
      throw new IllegalStateException("this version of the OSS SDK has no such constructor", impossible);
    }
  }
}
