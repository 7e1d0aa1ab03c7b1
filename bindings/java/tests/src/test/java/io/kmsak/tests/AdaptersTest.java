package io.kmsak.tests;

import static io.kmsak.tests.Kms.APP;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.aliyun.oss.OSS;
import com.aliyun.oss.OSSException;
import com.aliyun.tea.TeaException;
import com.aliyun.teaopenapi.models.Config;
import com.aliyun.teaopenapi.models.OpenApiRequest;
import com.aliyun.teaopenapi.models.Params;
import com.aliyun.teautil.models.RuntimeOptions;
import com.aliyuncs.CommonRequest;
import com.aliyuncs.exceptions.ClientException;
import com.aliyuncs.http.MethodType;
import com.aliyuncs.http.ProtocolType;
import com.aliyuncs.profile.DefaultProfile;
import com.aliyuncs.sts.model.v20150401.GetCallerIdentityRequest;
import io.kmsak.KmsakException;
import io.kmsak.Provider;
import io.kmsak.credentials.KmsakCredentialsProvider;
import io.kmsak.oss.KmsakOSSClientBuilder;
import io.kmsak.sdkcore.KmsakAcsClient;
import com.sun.net.httpserver.HttpServer;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.SequenceInputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Each adapter with its real SDK, through rotations that leave the old AccessKey no time. */
@Timeout(60)
class AdaptersTest {
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

  static GetCallerIdentityRequest whoAmI(Kms kms) {
    GetCallerIdentityRequest request = new GetCallerIdentityRequest();
    request.setSysEndpoint(kms.authority("sts"));
    request.setSysProtocol(ProtocolType.HTTP);
    return request;
  }

  static Params whoAmI() {
    return new Params()
        .setAction("GetCallerIdentity")
        .setVersion("2015-04-01")
        .setProtocol("HTTP")
        .setMethod("POST")
        .setAuthType("AK")
        .setStyle("RPC")
        .setPathname("/")
        .setReqBodyType("formData")
        .setBodyType("json");
  }

  @Test
  void sdkCore() throws Exception {
    KmsakAcsClient client = new KmsakAcsClient(DefaultProfile.getProfile("cn-hangzhou"), provider, APP);
    for (int rotation = 0; rotation < ROTATIONS; rotation++) {
      assertNotNull(client.getAcsResponse(whoAmI(kms)).getArn());
      kms.rotate();
      assertNotNull(client.getAcsResponse(whoAmI(kms), true, 2).getArn());
    }
    kms.rotate();
    CommonRequest request = new CommonRequest();
    request.setSysDomain(kms.authority("sts"));
    request.setSysProtocol(ProtocolType.HTTP);
    request.setSysMethod(MethodType.POST);
    request.setSysVersion("2015-04-01");
    request.setSysAction("GetCallerIdentity");
    assertTrue(client.getCommonResponse(request).getData().contains("Arn"));
    client.shutdown();
  }

  @Test
  void sdkCoreTellsTheServicesErrorWhenRenewingFails() throws Exception {
    try (Provider impatient =
        Provider.builder().propertiesFile(kms.onTheCloud()).renewDeadline(Duration.ofMillis(200)).open()) {
      KmsakAcsClient client =
          new KmsakAcsClient(DefaultProfile.getProfile("cn-hangzhou"), impatient, APP, error -> true);
      GetCallerIdentityRequest request = whoAmI(kms);
      request.setSysActionName("NoSuchAction");
      ClientException error = assertThrows(ClientException.class, () -> client.getAcsResponse(request));
      assertEquals(KmsakException.class, error.getSuppressed()[0].getClass().getSuperclass());
    }
  }

  @Test
  void credentials() throws Exception {
    Config config = new Config();
    config.endpoint = kms.authority("sts");
    config.protocol = "HTTP";
    config.credential = new com.aliyun.credentials.Client(new KmsakCredentialsProvider(provider, APP));
    com.aliyun.teaopenapi.Client client = new com.aliyun.teaopenapi.Client(config);
    for (int rotation = 0; rotation < ROTATIONS; rotation++) {
      Map<String, ?> answer =
          provider.call(
              APP,
              accessKey -> client.callApi(whoAmI(), new OpenApiRequest(), new RuntimeOptions()),
              error -> error instanceof TeaException ? ((TeaException) error).getCode() : null);
      assertTrue(answer.get("body").toString().contains("Arn"), answer.toString());
      kms.rotate();
    }
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
          byte[] answer =
              (rejected ? "<Error><Code>InvalidAccessKeyId</Code><Message>gone</Message></Error>" : "").getBytes();
          exchange.sendResponseHeaders(rejected ? 403 : 200, rejected ? answer.length : -1);
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
}
