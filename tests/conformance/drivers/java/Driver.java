import com.google.gson.Gson;
import com.google.gson.GsonBuilder;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import io.kmsak.Credentials;
import io.kmsak.Event;
import io.kmsak.KmsakException;
import io.kmsak.Provider;
import io.kmsak.Secret;
import io.kmsak.ServiceError;
import io.kmsak.Stats;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.logging.Handler;
import java.util.logging.Level;
import java.util.logging.LogRecord;
import java.util.logging.Logger;

/** The conformance driver for the JVM; see tests/conformance/README.md. */
public final class Driver {
  private static final Gson GSON = new GsonBuilder().serializeNulls().disableHtmlEscaping().create();

  private final List<String> shown = new CopyOnWriteArrayList<>();
  private final List<String> logs = new CopyOnWriteArrayList<>();
  private volatile BlockingQueue<Event> events = new LinkedBlockingQueue<>();
  private volatile Provider provider;

  /** The error of some SDK. */
  private static final class Rejected extends Exception implements ServiceError {
    private static final long serialVersionUID = 1L;
    private final String code;

    Rejected(String code, String message) {
      super(message);
      this.code = code;
    }

    @Override
    public String errorCode() {
      return code;
    }
  }

  public static void main(String[] arguments) throws Exception {
    Driver driver = new Driver();
    Logger logger = Logger.getLogger("io.kmsak");
    logger.setLevel(Level.ALL);
    logger.setUseParentHandlers(false);
    logger.addHandler(driver.keeping());
    BufferedReader input = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    PrintStream output = new PrintStream(System.out, true, "UTF-8");
    for (String line = input.readLine(); line != null; line = input.readLine()) {
      output.println(GSON.toJson(driver.answer(JsonParser.parseString(line).getAsJsonObject())));
    }
  }

  private Handler keeping() {
    return new Handler() {
      @Override
      public void publish(LogRecord record) {
        logs.add(record.getMessage());
      }

      @Override
      public void flush() {}

      @Override
      public void close() {}
    };
  }

  private static Map<String, Object> map(Object... namesAndValues) {
    Map<String, Object> map = new LinkedHashMap<>();
    for (int index = 0; index < namesAndValues.length; index += 2) {
      map.put((String) namesAndValues[index], namesAndValues[index + 1]);
    }
    return map;
  }

  private Map<String, Object> answer(JsonObject request) throws Exception {
    try {
      String op = text(request, "op");
      if (op.equals("wait_event")) {
        return waitFor(text(request, "name"));
      }
      return map("ok", ask(op, request));
    } catch (KmsakException error) {
      shown.add(error.toString());
      return map(
          "error",
          map(
              "kind", kind(error),
              "code", error.code(),
              "request_id", error.requestId(),
              "retryable", error.isRetryable(),
              "message", error.getMessage()));
    }
  }

  private Map<String, Object> ask(String op, JsonObject request) throws Exception {
    String name = text(request, "name");
    switch (op) {
      case "open":
        return open(text(request, "file"));
      case "credentials":
        return credentials(provider.credentials(name));
      case "renew":
        return credentials(provider.renew(name, text(request, "rejected_id")));
      case "secret":
        return secret(provider.secret(name));
      case "refresh":
        return secret(provider.refresh(name));
      case "call":
        return call(name, text(request, "code"), request);
      case "concurrently":
        return concurrently(request.get("threads").getAsInt(), request.getAsJsonObject("do"));
      case "is_rejection":
        return map("is_rejection", provider.isRejection(text(request, "code"), text(request, "message")));
      case "stats":
        return stats(provider.stats());
      case "shown":
        return map("texts", shown);
      case "logs":
        return map("lines", settled());
      case "close":
        provider.close();
        return map();
      default:
        throw new IllegalArgumentException("an operation that README.md does not know: " + op);
    }
  }

  private static String text(JsonObject request, String field) {
    JsonElement value = request.get(field);
    return value == null ? "" : value.getAsString();
  }

  private static String kind(KmsakException error) {
    return error.kind().name().toLowerCase(Locale.ROOT);
  }

  private Map<String, Object> open(String file) {
    BlockingQueue<Event> queue = new LinkedBlockingQueue<>();
    Provider opened = Provider.fromFile(file);
    opened.subscribe(
        event -> {
          shown.add(event.toString());
          queue.add(event);
        });
    shown.add(opened.toString());
    Provider before = provider;
    events = queue;
    provider = opened;
    if (before != null) {
      before.close();
    }
    return map();
  }

  private Map<String, Object> credentials(Credentials credentials) {
    shown.add(credentials.toString());
    return map(
        "access_key_id", credentials.accessKeyId(),
        "access_key_secret", credentials.accessKeySecret(),
        "version_id", credentials.versionId());
  }

  private Map<String, Object> secret(Secret secret) {
    shown.add(secret.toString());
    return map(
        "name", secret.name(),
        "secret_type", secret.secretType(),
        "text", secret.text(),
        "base64", Base64.getEncoder().encodeToString(secret.bytes()),
        "binary", secret.isBinary(),
        "version_id", secret.versionId(),
        "version_stages", secret.versionStages());
  }

  private Map<String, Object> call(String name, String code, JsonObject request) {
    List<String> rejects = new ArrayList<>();
    request.getAsJsonArray("rejects").forEach(id -> rejects.add(id.getAsString()));
    AtomicInteger runs = new AtomicInteger();
    try {
      String id =
          provider.call(
              name,
              credentials -> {
                runs.incrementAndGet();
                if (rejects.contains(credentials.accessKeyId())) {
                  throw new Rejected(code, text(request, "message"));
                }
                return credentials.accessKeyId();
              });
      return map("access_key_id", id, "runs", runs.get());
    } catch (Rejected rejected) {
      return map("service_error", rejected.errorCode(), "runs", runs.get());
    }
  }

  private Map<String, Object> concurrently(int count, JsonObject request) throws Exception {
    List<Object> answers = new CopyOnWriteArrayList<>();
    List<Thread> threads = new ArrayList<>();
    for (int index = 0; index < count; index++) {
      Thread thread =
          new Thread(
              () -> {
                try {
                  answers.add(answer(request));
                } catch (Exception error) {
                  answers.add(map("error", map("kind", "driver", "message", error.toString())));
                }
              });
      thread.start();
      threads.add(thread);
    }
    for (Thread thread : threads) {
      thread.join();
    }
    return map("answers", answers);
  }

  private Map<String, Object> waitFor(String name) throws InterruptedException {
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(10);
    while (true) {
      Event event = events.poll(deadline - System.nanoTime(), TimeUnit.NANOSECONDS);
      if (event == null) {
        return map("error", map("kind", "timeout", "message", "no " + name + " came"));
      }
      if (event.name().equals(name)) {
        return map("ok", fields(event));
      }
    }
  }

  /** Log lines reach the logger on a thread of its own: those that are under way are waited for. */
  private List<String> settled() throws InterruptedException {
    int before;
    do {
      before = logs.size();
      Thread.sleep(100);
    } while (logs.size() != before);
    return logs;
  }

  private static Double seconds(Duration duration) {
    return duration == null ? null : duration.toNanos() / 1e9;
  }

  private static Map<String, Object> fields(Event event) {
    if (event instanceof Event.Fetched) {
      Event.Fetched fetched = (Event.Fetched) event;
      return map("secret", fetched.secret(), "version_id", fetched.versionId());
    }
    if (event instanceof Event.Rotated) {
      Event.Rotated rotated = (Event.Rotated) event;
      return map(
          "secret", rotated.secret(),
          "old_access_key_id", rotated.oldAccessKeyId(),
          "new_access_key_id", rotated.newAccessKeyId());
    }
    if (event instanceof Event.RefreshFailed) {
      Event.RefreshFailed failed = (Event.RefreshFailed) event;
      return map(
          "secret", failed.secret(),
          "error", map("kind", kind(failed.error()), "code", failed.error().code()),
          "stale_for", seconds(failed.staleFor()),
          "next_try_in", seconds(failed.nextTryIn()));
    }
    if (event instanceof Event.RotationBroken) {
      return map("secret", ((Event.RotationBroken) event).secret());
    }
    return map("name", event.name());
  }

  private static Map<String, Object> stats(Stats stats) {
    List<Object> secrets = new ArrayList<>();
    for (Stats.SecretStats secret : stats.secrets()) {
      secrets.add(
          map(
              "name", secret.name(),
              "version_id", secret.versionId(),
              "access_key_id", secret.accessKeyId(),
              "age", seconds(secret.age()),
              "stale_for", seconds(secret.staleFor()),
              "next_refresh_in", seconds(secret.nextRefreshIn()),
              "fetches", secret.fetches(),
              "failures", secret.failures(),
              "renewals", secret.renewals()));
    }
    List<Object> endpoints = new ArrayList<>();
    for (Stats.EndpointStats endpoint : stats.endpoints()) {
      endpoints.add(
          map(
              "endpoint", endpoint.endpoint(),
              "down", endpoint.down(),
              "latency", seconds(endpoint.latency()),
              "requests", endpoint.requests(),
              "failures", endpoint.failures()));
    }
    List<Object> clientKeys = new ArrayList<>();
    for (Stats.ClientKeyStats clientKey : stats.clientKeys()) {
      clientKeys.add(
          map(
              "key_id", clientKey.keyId(),
              "instance_id", clientKey.instanceId(),
              "days_left", clientKey.daysLeft()));
    }
    return map(
        "secrets", secrets,
        "endpoints", endpoints,
        "client_keys", clientKeys,
        "clock_skew_milliseconds", stats.clockSkewMilliseconds());
  }
}
