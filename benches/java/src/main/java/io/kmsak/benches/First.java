package io.kmsak.benches;

import com.aliyuncs.kms.secretsmanager.client.SecretCacheClient;
import com.aliyuncs.kms.secretsmanager.client.SecretCacheClientBuilder;
import com.aliyuncs.kms.secretsmanager.client.service.BaseSecretManagerClientBuilder;
import io.kmsak.Provider;
import java.io.File;
import java.lang.management.ManagementFactory;
import java.util.Objects;

/** From the start of the JVM to the first AccessKey, and what threads and heap that adds: one line of JSON. */
public final class First {
  private static final String APP = "acs/ram/user/app";

  private First() {}

  public static void main(String[] arguments) throws Exception {
    long heapBefore = heap();
    int threadsBefore = threads();
    AutoCloseable open;
    if (arguments[0].equals("kmsak")) {
      Provider provider = Provider.fromFile(arguments[1]);
      provider.credentials(APP).accessKeyId();
      open = provider;
    } else {
      SecretCacheClient client = official(arguments[1]);
      client.getSecretInfo(APP).getSecretValue();
      open = client;
    }
    double seconds =
        (System.currentTimeMillis() - ManagementFactory.getRuntimeMXBean().getStartTime()) / 1000.0;
    int threads = threads() - threadsBefore;
    long heap = heap() - heapBefore;
    System.out.printf("{\"seconds\": %.3f, \"threads\": %d, \"heap_bytes\": %d}%n", seconds, threads, heap);
    open.close();
    // The official client leaves threads that would keep the JVM.
    System.exit(0);
  }

  static SecretCacheClient official(String file) throws Exception {
    return SecretCacheClientBuilder.newCacheClientBuilder(
            BaseSecretManagerClientBuilder.standard().withCustomConfigFile(file).build())
        .build();
  }

  /** Native threads too: those of the process, not those of the JVM. */
  private static int threads() {
    return Objects.requireNonNull(new File("/proc/self/task").list()).length;
  }

  private static long heap() {
    // What the first collection makes reachable no more, the second takes.
    System.gc();
    System.gc();
    return ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getUsed();
  }
}
