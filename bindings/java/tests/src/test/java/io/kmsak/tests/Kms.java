package io.kmsak.tests;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import io.kmsak.Provider;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;

/** A KMS of one's own: an emulator in a process. */
public final class Kms implements AutoCloseable {
  public static final String APP = "acs/ram/user/app";

  final Path dir;
  private final Process process;
  private final JsonObject summary;
  private final HttpClient http = HttpClient.newHttpClient();

  private Kms(Path dir, Process process, JsonObject summary) {
    this.dir = dir;
    this.process = process;
    this.summary = summary;
  }

  public static Kms start() throws IOException {
    Path dir = Files.createTempDirectory("kmsak-emulator-");
    Process process =
        new ProcessBuilder(System.getProperty("kmsak.program"), "emulator", "--test-keys", "--dir", dir.toString())
            .redirectError(dir.resolve("stderr.txt").toFile())
            .start();
    BufferedReader output =
        new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8));
    String line = output.readLine();
    if (line == null) {
      throw new IOException("the emulator did not start: " + Files.readString(dir.resolve("stderr.txt")));
    }
    return new Kms(dir, process, JsonParser.parseString(line).getAsJsonObject());
  }

  public String onTheCloud() {
    return dir.resolve("on_the_cloud.properties").toString();
  }

  public String offTheCloud() {
    return dir.resolve("off_the_cloud.properties").toString();
  }

  public Provider provider() {
    return Provider.fromFile(onTheCloud());
  }

  /** Host and port of an endpoint such as {@code sts}. */
  public String authority(String endpoint) {
    return URI.create(url(endpoint)).getAuthority();
  }

  public String url(String endpoint) {
    return summary.getAsJsonObject("endpoints").get(endpoint).getAsString();
  }

  public String clientKeyId() {
    return summary.get("clientKeyId").getAsString();
  }

  /** Asks for a rotation without overlap: the old AccessKey is gone when this returns. */
  public void rotate() {
    admin("POST", "/rotations", "{\"secret\": \"" + APP + "\"}");
  }

  /** Makes requests fail until the faults are cleared. */
  public void fault(String json) {
    admin("POST", "/faults", json);
  }

  public void clearFaults() {
    admin("DELETE", "/faults", "");
  }

  /** Waits until a fault has struck. */
  public void waitForFault(String kind) {
    for (long since = 0; ; ) {
      JsonObject answer = admin("GET", "/events?wait_ms=60000&since=" + since, "");
      for (var event : answer.getAsJsonArray("events")) {
        var fault = event.getAsJsonObject().get("fault");
        if (fault != null && !fault.isJsonNull() && fault.getAsString().equals(kind)) {
          return;
        }
      }
      long last = answer.get("last").getAsLong();
      if (last == since) {
        throw new AssertionError("no " + kind + " struck");
      }
      since = last;
    }
  }

  public void createSecret(String json) {
    admin("POST", "/secrets", json);
  }

  /** The id of the AccessKey that KMS holds now. */
  public String accessKeyId() {
    for (var version : secret(APP).getAsJsonArray("versions")) {
      if (version.getAsJsonObject().getAsJsonArray("stages").toString().contains("\"ACSCurrent\"")) {
        String data = version.getAsJsonObject().get("data").getAsString();
        return JsonParser.parseString(data).getAsJsonObject().get("AccessKeyId").getAsString();
      }
    }
    throw new AssertionError("there is no current version");
  }

  private JsonObject secret(String name) {
    return admin("GET", "/secrets?name=" + URLEncoder.encode(name, StandardCharsets.UTF_8), "");
  }

  JsonObject admin(String method, String path, String body) {
    HttpRequest request =
        HttpRequest.newBuilder(URI.create(summary.get("admin").getAsString() + path))
            .method(method, HttpRequest.BodyPublishers.ofString(body))
            .build();
    try {
      HttpResponse<String> response = http.send(request, HttpResponse.BodyHandlers.ofString());
      if (response.statusCode() != 200) {
        throw new AssertionError(method + " " + path + ": " + response.body());
      }
      return JsonParser.parseString(response.body()).getAsJsonObject();
    } catch (IOException error) {
      throw new UncheckedIOException(error);
    } catch (InterruptedException error) {
      throw new AssertionError(error);
    }
  }

  @Override
  public void close() throws IOException {
    process.destroy();
    try {
      process.waitFor();
    } catch (InterruptedException error) {
      throw new AssertionError(error);
    }
    delete(dir);
  }

  /** With everything in it. */
  static void delete(Path folder) throws IOException {
    List<Path> all;
    try (Stream<Path> walk = Files.walk(folder)) {
      all = walk.sorted(Comparator.reverseOrder()).toList();
    }
    for (Path path : all) {
      Files.delete(path);
    }
  }
}
