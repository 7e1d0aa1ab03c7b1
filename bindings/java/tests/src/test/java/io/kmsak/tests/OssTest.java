package io.kmsak.tests;

import static io.kmsak.tests.Kms.APP;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertThrows;

import com.aliyun.oss.OSS;
import com.aliyun.oss.OSSException;
import com.aliyun.oss.model.PutObjectRequest;
import com.sun.net.httpserver.HttpServer;
import io.kmsak.KmsakException;
import io.kmsak.Provider;
import io.kmsak.oss.KmsakOSSClientBuilder;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.SequenceInputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** OSS, with whatever version of its SDK is there. */
@Timeout(300)
class OssTest {
  private static final int ROTATIONS = 3;

  private Kms kms;
  private Provider provider;

  @BeforeEach
  void start() throws Exception {
    kms = Kms.start();
    provider = kms.provider();
  }

  @AfterEach
  void stop() throws Exception {
    provider.close();
    kms.close();
  }

  @Test
  void oss() {
    OSS client = new KmsakOSSClientBuilder().build(kms.url("oss"), provider, APP);
    for (int rotation = 0; rotation < ROTATIONS; rotation++) {
      assertNotNull(client.listBuckets());
      kms.rotate();
    }
    client.shutdown();
  }

  /** Stands for OSS, which the emulator has no objects of: rejects the first AccessKey it sees and takes what others put. */
  private static HttpServer bucket(List<String> bodies) throws IOException {
    HttpServer server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    AtomicReference<String> first = new AtomicReference<>();
    server.createContext(
        "/",
        exchange -> {
          String body = new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8);
          String id = exchange.getRequestHeaders().getFirst("Authorization").replaceAll("^OSS ([^:]*):.*", "$1");
          boolean rejected = id.equals(first.updateAndGet(known -> known == null ? id : known));
          bodies.add((rejected ? "rejected " : "taken ") + body);
          boolean asked = exchange.getRequestMethod().equals("GET");
          byte[] answer =
              (rejected ? "<Error><Code>InvalidAccessKeyId</Code><Message>gone</Message></Error>" : asked ? "content" : "").getBytes();
          exchange.sendResponseHeaders(rejected ? 403 : 200, answer.length == 0 ? -1 : answer.length);
          exchange.getResponseBody().write(answer);
          exchange.close();
        });
    server.start();
    return server;
  }

  private void put(InputStream stream, List<String> bodies) throws IOException {
    HttpServer server = bucket(bodies);
    OSS client = new KmsakOSSClientBuilder().build("http://127.0.0.1:" + server.getAddress().getPort(), provider, APP);
    try {
      provider.credentials(APP);
      kms.rotate();
      client.putObject("bucket", "object", stream);
    } finally {
      client.shutdown();
      server.stop(0);
    }
  }

  @Test
  void ossTellsItsOwnErrorWhenRenewingFails() throws Exception {
    HttpServer server = bucket(new CopyOnWriteArrayList<>());
    try (Provider impatient =
        Provider.builder().propertiesFile(kms.onTheCloud()).renewDeadline(Duration.ofMillis(200)).open()) {
      OSS client = new KmsakOSSClientBuilder().build("http://127.0.0.1:" + server.getAddress().getPort(), impatient, APP);
      OSSException error =
          assertThrows(OSSException.class, () -> client.putObject("bucket", "object", new ByteArrayInputStream(new byte[1])));
      assertEquals("InvalidAccessKeyId", error.getErrorCode());
      assertEquals(KmsakException.class, error.getSuppressed()[0].getClass().getSuperclass());
      client.shutdown();
    } finally {
      server.stop(0);
    }
  }

  @Test
  void ossSendsWhatLiesInMemoryOnceMore() throws Exception {
    List<String> bodies = new CopyOnWriteArrayList<>();
    InputStream memory = new ByteArrayInputStream("xyz".getBytes());
    memory.read();
    put(memory, bodies);
    assertEquals(List.of("rejected yz", "taken yz"), bodies);
  }

  @Test
  void ossDoesNotSendAStreamTwiceThatCannotBeReadAgain() {
    List<String> bodies = new CopyOnWriteArrayList<>();
    InputStream once = new SequenceInputStream(InputStream.nullInputStream(), new ByteArrayInputStream("xyz".getBytes()));
    OSSException rejected = assertThrows(OSSException.class, () -> put(once, bodies));
    assertEquals("InvalidAccessKeyId", rejected.getErrorCode());
    assertEquals(List.of("rejected xyz"), bodies);
    // But the AccessKey was renewed.
    assertEquals(kms.accessKeyId(), provider.credentials(APP).accessKeyId());
  }

  @Test
  void ossPutsByARequestAndGetsThroughARotation() throws Exception {
    List<String> bodies = new CopyOnWriteArrayList<>();
    HttpServer server = bucket(bodies);
    OSS client = new KmsakOSSClientBuilder().build("http://127.0.0.1:" + server.getAddress().getPort(), provider, APP);
    try {
      provider.credentials(APP);
      kms.rotate();
      client.putObject(new PutObjectRequest("bucket", "object", new ByteArrayInputStream("xyz".getBytes())));
      assertEquals(List.of("rejected xyz", "taken xyz"), bodies);
      try (InputStream content = client.getObject("bucket", "object").getObjectContent()) {
        assertEquals("content", new String(content.readAllBytes(), StandardCharsets.UTF_8));
      }
    } finally {
      client.shutdown();
      server.stop(0);
    }
  }
}
