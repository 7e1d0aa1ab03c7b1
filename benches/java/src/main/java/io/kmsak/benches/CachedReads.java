package io.kmsak.benches;

import com.aliyuncs.kms.secretsmanager.client.SecretCacheClient;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
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

/** A cached AccessKey, and the official client's cached secret taken apart as its plug-ins do for each use. */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.Throughput)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Fork(1)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
public class CachedReads {
  private static final String APP = "acs/ram/user/app";

  private Provider provider;
  private SecretCacheClient official;

  @Setup
  public void open() throws Exception {
    String file = System.getProperty("kmsak.config");
    provider = Provider.fromFile(file);
    provider.credentials(APP);
    official = First.official(file);
    official.getSecretInfo(APP);
  }

  @TearDown
  public void close() throws Exception {
    provider.close();
    official.close();
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
  public JsonObject official() throws Exception {
    return JsonParser.parseString(official.getSecretInfo(APP).getSecretValue()).getAsJsonObject();
  }

  @Benchmark
  public Object officialWithoutParsing() throws Exception {
    return official.getSecretInfo(APP);
  }
}
