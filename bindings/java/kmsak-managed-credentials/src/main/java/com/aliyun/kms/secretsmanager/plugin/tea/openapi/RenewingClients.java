package com.aliyun.kms.secretsmanager.plugin.tea.openapi;

import com.aliyun.teaopenapi.Client;
import com.aliyun.teaopenapi.models.Config;
import com.aliyuncs.kms.secretsmanager.client.exception.CacheSecretException;
import java.lang.reflect.InvocationTargetException;
import net.bytebuddy.ByteBuddy;
import net.bytebuddy.TypeCache;
import net.bytebuddy.description.modifier.Visibility;
import net.bytebuddy.dynamic.loading.ClassLoadingStrategy;
import net.bytebuddy.implementation.FieldAccessor;
import net.bytebuddy.implementation.MethodDelegation;
import net.bytebuddy.matcher.ElementMatchers;

/** Subclasses of the SDKs' client classes that send through an {@link Interceptor}, one for each class. */
final class RenewingClients {
  /** The methods of {@link Client} that send a request and throw the service's error. */
  private static final String[] SENDING = {
    "doRequest", "doRPCRequest", "doROARequest", "doROARequestWithForm", "execute"
  };

  /** Holds no class and no class loader strongly. */
  private static final TypeCache<TypeCache.SimpleKey> GENERATED = new TypeCache.WithInlineExpunction<>(TypeCache.Sort.WEAK);

  private RenewingClients() {}

  /** Public because the generated classes live in another class loader. */
  public interface Renewing {
    void kmsakRenews(Interceptor interceptor);
  }

  static Class<? extends Client> of(Class<? extends Client> clientClass) {
    return GENERATED
        .findOrInsert(clientClass.getClassLoader(), new TypeCache.SimpleKey(clientClass), () -> generate(clientClass))
        .asSubclass(Client.class);
  }

  /** T and the class are not tied to each other in the official SDK either. */
  @SuppressWarnings("unchecked")
  static <T extends Client> T open(Config config, Class<? extends Client> clientClass, Renewal renewal)
      throws CacheSecretException {
    config.credential = renewal.credentials;
    try {
      Client client = of(clientClass).getConstructor(Config.class).newInstance(config);
      ((Renewing) client).kmsakRenews(new Interceptor(renewal));
      return (T) client;
    } catch (InvocationTargetException thrown) {
      Throwable cause = thrown.getCause();
      if (cause instanceof RuntimeException) {
        throw (RuntimeException) cause;
      }
      throw new CacheSecretException(clientClass + " cannot be made: " + cause, cause);
    } catch (ReflectiveOperationException error) {
      throw new CacheSecretException(clientClass + " cannot be made from a Config", error);
    }
  }

  private static Class<?> generate(Class<? extends Client> clientClass) {
    return new ByteBuddy()
        .subclass(clientClass)
        .defineField(Interceptor.FIELD, Interceptor.class, Visibility.PRIVATE)
        .implement(Renewing.class)
        .intercept(FieldAccessor.ofField(Interceptor.FIELD))
        .method(ElementMatchers.namedOneOf(SENDING))
        .intercept(MethodDelegation.to(Interceptor.class))
        .make()
        .load(clientClass.getClassLoader(), ClassLoadingStrategy.Default.WRAPPER)
        .getLoaded();
  }
}
