package io.kmsak.benches;

import com.google.gson.JsonObject;
import io.kmsak.Credentials;
import io.kmsak.Provider;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Threads;
import org.openjdk.jmh.annotations.Warmup;

/**
 * A cached AccessKey, the official client's cached secret with and without taking it apart, and an empty native call. {@code
 * kmsak.config} names the properties file, {@code kmsak.empty} the library with the empty function.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Fork(1)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
public class CachedReads {
  private static final String APP = "acs/ram/user/app";

  private Provider provider;
  private OfficialClient official;

  @Setup
  public void open() throws Exception {
    System.load(System.getProperty("kmsak.empty"));
    String file = System.getProperty("kmsak.config");
    provider = Provider.fromFile(file);
    provider.credentials(APP);
    official = new OfficialClient(file);
    official.read(APP);
  }

  @TearDown
  public void close() throws Exception {
    provider.close();
    official.close();
  }

  private static native void nothing();

  @Benchmark
  public void emptyNativeCall() {
    nothing();
  }

  @Benchmark
  public Credentials kmsak() {
    return provider.credentials(APP);
  }

  @Benchmark
  @Threads(8)
  public Credentials kmsakEightThreads() {
    return provider.credentials(APP);
  }

  @Benchmark
  public JsonObject officialAccessKey() throws Exception {
    return official.accessKey(APP);
  }

  @Benchmark
  public Object officialSecret() throws Exception {
    return official.read(APP);
  }
}
