import com.google.gson.Gson;
import com.google.gson.GsonBuilder;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import io.kmsak.Credentials;
import io.kmsak.Event;
import io.kmsak.Gateway;
import io.kmsak.KmsakException;
import io.kmsak.Provider;
import io.kmsak.ProviderBuilder;
import io.kmsak.Secret;
import io.kmsak.ServiceError;
import io.kmsak.Stats;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
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
              "message", error.getMessage(),
              "cause", error.getCause() == null ? null : error.getCause().getMessage()));
    }
  }

  private Map<String, Object> ask(String op, JsonObject request) throws Exception {
    String name = text(request, "name");
    switch (op) {
      case "open":
        return open(Provider.fromFile(text(request, "file")));
      case "open_code":
        return open(inCode(request.getAsJsonObject("gateway"), request.getAsJsonObject("options")));
      case "describe":
        return described();
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
        return fields(provider.stats());
      case "shown":
        return map("texts", shown);
      case "logs":
        return map("lines", logs);
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

  private static String camelCase(String name) {
    StringBuilder camel = new StringBuilder();
    for (String word : name.split("_")) {
      camel.append(camel.length() == 0 ? word : word.substring(0, 1).toUpperCase(Locale.ROOT) + word.substring(1));
    }
    return camel.toString();
  }

  private static Provider inCode(JsonObject gateway, JsonObject options) throws ReflectiveOperationException {
    ProviderBuilder builder =
        Provider.builder()
            .gateway(
                Gateway.shared(text(gateway, "region_id"))
                    .endpoint(text(gateway, "endpoint"))
                    .caFile(text(gateway, "ca_file")));
    for (String name : options.keySet()) {
      String value = options.get(name).getAsString();
      for (Method method : ProviderBuilder.class.getMethods()) {
        if (method.getName().equals(camelCase(name)) && method.getParameterCount() == 1) {
          boolean characters = method.getParameterTypes()[0] == char[].class;
          method.invoke(builder, characters ? (Object) value.toCharArray() : value);
        }
      }
    }
    return builder.open();
  }

  /** What a class has that is public. */
  private static Set<String> names(Class<?> kind) {
    Set<String> names = new TreeSet<>();
    for (Method method : kind.getMethods()) {
      if (method.getDeclaringClass() != Object.class && !method.isSynthetic()) {
        names.add(method.getName());
      }
    }
    return names;
  }

  /** Without what every object has, and the event's own name. */
  private static Set<String> own(Class<?> kind) {
    Set<String> names = new TreeSet<>();
    for (Method method : kind.getDeclaredMethods()) {
      if (Modifier.isPublic(method.getModifiers()) && !method.getName().equals("toString")) {
        names.add(method.getName());
      }
    }
    return names;
  }

  private static Map<String, Object> described() {
    Map<String, Object> events = new LinkedHashMap<>();
    for (Class<?> event : Event.class.getClasses()) {
      events.put(event.getSimpleName(), own(event));
    }
    Map<String, Object> stats = map("stats", own(Stats.class));
    for (Class<?> row : Stats.class.getClasses()) {
      stats.put(row.getSimpleName(), own(row));
    }
    List<String> kinds = new ArrayList<>();
    for (KmsakException.Kind kind : KmsakException.Kind.values()) {
      kinds.add(kind.name().toLowerCase(Locale.ROOT));
    }
    return map(
        "language", "java",
        "options", own(ProviderBuilder.class),
        "gateway_options", own(Gateway.class),
        "events", events,
        "stats", stats,
        "error_kinds", kinds,
        "error", names(KmsakException.class),
        "secret", names(Secret.class),
        "credentials", names(Credentials.class),
        "provider", names(Provider.class));
  }

  private Map<String, Object> open(Provider opened) {
    BlockingQueue<Event> queue = new LinkedBlockingQueue<>();
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

  private Map<String, Object> waitFor(String name) throws Exception {
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
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

  private static Double seconds(Duration duration) {
    return duration == null ? null : duration.toNanos() / 1e9;
  }

  /** What a class of kmsak's has, as JSON: lengths of time in seconds. */
  private static Map<String, Object> fields(Object told) throws ReflectiveOperationException {
    Map<String, Object> fields = new LinkedHashMap<>();
    for (String name : own(told.getClass())) {
      fields.put(snakeCase(name), plain(told.getClass().getMethod(name).invoke(told)));
    }
    return fields;
  }

  private static Object plain(Object value) throws ReflectiveOperationException {
    if (value instanceof Duration) {
      return seconds((Duration) value);
    }
    if (value instanceof Instant) {
      return value.toString();
    }
    if (value instanceof KmsakException) {
      KmsakException error = (KmsakException) value;
      return map("kind", kind(error), "code", error.code());
    }
    if (value instanceof List) {
      List<Object> rows = new ArrayList<>();
      for (Object row : (List<?>) value) {
        rows.add(fields(row));
      }
      return rows;
    }
    return value;
  }

  private static String snakeCase(String name) {
    return name.replaceAll("([A-Z])", "_$1").toLowerCase(Locale.ROOT);
  }
}
