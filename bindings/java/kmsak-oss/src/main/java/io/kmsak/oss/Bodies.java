package io.kmsak.oss;

import java.io.ByteArrayInputStream;
import java.io.InputStream;
import java.lang.reflect.Method;
import java.util.HashMap;
import java.util.Map;

/** The streams that a call uploads from. What lies in memory can be sent again; everything else the SDK has read and closed. */
final class Bodies {
  /** What the SDK's requests call the stream that they upload from. The classes themselves differ between its versions. */
  private static final String[] GETTERS = {"getInputStream", "getUdfImage"};

  private static final String REQUESTS = "com.aliyun.oss.model.";

  /** Of a request's class, the method that gives the stream; an empty array where there is none. */
  private static final ClassValue<Method[]> GETTER =
      new ClassValue<Method[]>() {
        @Override
        protected Method[] computeValue(Class<?> request) {
          return getter(request);
        }
      };

  /** How much was left before the call; null for streams that cannot be read again. */
  private final Map<InputStream, Integer> left = new HashMap<>();

  Bodies(Object[] arguments) {
    for (Object argument : arguments) {
      InputStream stream = stream(argument);
      if (stream instanceof ByteArrayInputStream) {
        stream.mark(0);
        left.put(stream, ((ByteArrayInputStream) stream).available());
      } else if (stream != null) {
        left.put(stream, null);
      }
    }
  }

  private static InputStream stream(Object argument) {
    if (argument == null || argument instanceof InputStream) {
      return (InputStream) argument;
    }
    Method[] getter = GETTER.get(argument.getClass());
    if (getter.length == 0) {
      return null;
    }
    try {
      return (InputStream) getter[0].invoke(argument);
    } catch (ReflectiveOperationException broken) {
      throw new IllegalStateException(argument.getClass() + " does not give its stream", broken);
    }
  }

  private static Method[] getter(Class<?> request) {
    for (Class<?> known = request; known != null; known = known.getSuperclass()) {
      if (!known.getName().startsWith(REQUESTS)) {
        continue;
      }
      for (String name : GETTERS) {
        try {
          Method method = known.getMethod(name);
          if (InputStream.class.isAssignableFrom(method.getReturnType())) {
            return new Method[] {method};
          }
        } catch (NoSuchMethodException another) {
          continue;
        }
      }
    }
    return new Method[0];
  }

  /** Puts every stream back to where it stood; false if one cannot be. */
  boolean rewind() {
    for (Map.Entry<InputStream, Integer> body : left.entrySet()) {
      if (body.getValue() == null) {
        return false;
      }
      ByteArrayInputStream stream = (ByteArrayInputStream) body.getKey();
      stream.reset();
      // The SDK may have set a mark of its own.
      if (stream.available() != body.getValue()) {
        return false;
      }
    }
    return true;
  }
}
