package io.kmsak.tests;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.ref.WeakReference;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** An application server that redeploys: kmsak again and again in a class loader of its own. */
@Timeout(60)
class ReloadTest {
  @Test
  void eachClassLoaderHasItsOwnKmsakAndIsCollected() throws Exception {
    try (Kms kms = Kms.start()) {
      List<WeakReference<ClassLoader>> loaders = new ArrayList<>();
      for (int deployment = 0; deployment < 5; deployment++) {
        loaders.add(deploy(kms.onTheCloud(), kms.accessKeyId(), deployment % 2 == 0));
      }
      long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(30);
      while (loaders.stream().anyMatch(loader -> loader.get() != null)) {
        assertTrue(System.nanoTime() < deadline, "class loaders are not collected");
        System.gc();
        Thread.sleep(20);
      }
    }
  }

  private static WeakReference<ClassLoader> deploy(String file, String expected, boolean close) throws Exception {
    List<URL> urls = new ArrayList<>();
    for (Class<?> ours : List.of(io.kmsak.Provider.class, ReloadTest.class)) {
      urls.add(ours.getProtectionDomain().getCodeSource().getLocation());
    }
    // Without the application's class path above it, so that it must load kmsak itself.
    URLClassLoader loader = new URLClassLoader(urls.toArray(new URL[0]), ClassLoader.getPlatformClassLoader());
    @SuppressWarnings("unchecked")
    Callable<String> application =
        (Callable<String>)
            loader
                .loadClass("io.kmsak.tests.Deployed")
                .getConstructor(Path.class, boolean.class)
                .newInstance(Path.of(file), close);
    assertEquals(expected, application.call());
    loader.close();
    return new WeakReference<>(loader);
  }
}
