package io.kmsak.tests;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.File;
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
@Timeout(300)
class ReloadTest {
  @Test
  void eachClassLoaderHasItsOwnKmsakAndIsCollected() throws Exception {
    List<URL> kmsak = new ArrayList<>();
    for (Class<?> ours : List.of(io.kmsak.Provider.class, ReloadTest.class)) {
      kmsak.add(ours.getProtectionDomain().getCodeSource().getLocation());
    }
    try (Kms kms = Kms.start()) {
      List<WeakReference<ClassLoader>> loaders = new ArrayList<>();
      for (int deployment = 0; deployment < 5; deployment++) {
        Object[] arguments = {Path.of(kms.onTheCloud()), deployment % 2 == 0};
        loaders.add(deploy(kmsak, "io.kmsak.tests.Deployed", arguments, kms.accessKeyId()));
      }
      assertCollected(loaders);
    }
  }

  @Test
  void soItIsWithTheDropInAndTheClientsThatItGenerates() throws Exception {
    List<URL> all = new ArrayList<>();
    for (String entry : System.getProperty("java.class.path").split(File.pathSeparator)) {
      all.add(Path.of(entry).toUri().toURL());
    }
    try (Kms kms = Kms.start()) {
      List<WeakReference<ClassLoader>> loaders = new ArrayList<>();
      for (int deployment = 0; deployment < 4; deployment++) {
        Object[] arguments = {Path.of(kms.onTheCloud()), deployment % 2 == 0};
        loaders.add(deploy(all, "io.kmsak.tests.DeployedDropIn", arguments, kms.accessKeyId()));
      }
      assertCollected(loaders);
    }
  }

  /** And with the class loaders, kmsak's native threads. */
  private static void assertCollected(List<WeakReference<ClassLoader>> loaders) throws Exception {
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(120);
    while (loaders.stream().anyMatch(loader -> loader.get() != null) || ProviderTest.nativeThreadRuns()) {
      assertTrue(System.nanoTime() < deadline, "class loaders are not collected");
      System.gc();
      Thread.sleep(20);
    }
  }

  private static WeakReference<ClassLoader> deploy(
      List<URL> classPath, String application, Object[] arguments, String expected) throws Exception {
    // Without the application's class path above it, so that it must load kmsak itself.
    URLClassLoader loader =
        new URLClassLoader(classPath.toArray(new URL[0]), ClassLoader.getPlatformClassLoader());
    Thread thread = Thread.currentThread();
    ClassLoader before = thread.getContextClassLoader();
    thread.setContextClassLoader(loader);
    try {
      Callable<?> deployed =
          (Callable<?>) loader.loadClass(application).getConstructors()[0].newInstance(arguments);
      String answer = deployed.call().toString();
      assertTrue(answer.contains(expected), answer);
    } finally {
      thread.setContextClassLoader(before);
    }
    loader.close();
    return new WeakReference<>(loader);
  }
}
