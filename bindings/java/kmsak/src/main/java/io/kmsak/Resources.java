package io.kmsak;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;

/** What is not on disk but on the class path. */
final class Resources {
  private static final int MOST = 1 << 20;

  /**
   * Called from native code while a provider is opened, on the thread that opens it.
   *
   * @param path as it stands in the configuration
   * @return the content, or null
   */
  byte[] find(String path) throws IOException {
    String name = path.replace('\\', '/');
    while (name.startsWith("./")) {
      name = name.substring(2);
    }
    if (name.startsWith("classpath:")) {
      name = name.substring("classpath:".length());
    }
    // As with Class.getResource, a name from the root of the class path may say so.
    if (name.startsWith("/")) {
      name = name.substring(1);
    }
    if (name.isEmpty() || name.startsWith("../")) {
      return null;
    }
    ClassLoader application = Thread.currentThread().getContextClassLoader();
    byte[] found = application == null ? null : read(application.getResourceAsStream(name));
    if (found == null) {
      ClassLoader ours = Resources.class.getClassLoader();
      found = read(ours == null ? ClassLoader.getSystemResourceAsStream(name) : ours.getResourceAsStream(name));
    }
    return found;
  }

  private static byte[] read(InputStream from) throws IOException {
    if (from == null) {
      return null;
    }
    try (InputStream input = from) {
      ByteArrayOutputStream content = new ByteArrayOutputStream();
      byte[] part = new byte[8192];
      int length;
      // One byte too many is enough to be told that it is too large.
      while (content.size() <= MOST && (length = input.read(part)) >= 0) {
        content.write(part, 0, length);
      }
      return content.toByteArray();
    }
  }
}
