package io.kmsak.tests.adapters;

import static io.kmsak.tests.Kms.APP;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.alicloud.openservices.tablestore.ClientConfiguration;
import com.alicloud.openservices.tablestore.SyncClient;
import com.alicloud.openservices.tablestore.model.DefaultRetryStrategy;
import com.aliyun.core.http.HttpMethod;
import com.aliyun.openservices.log.Client;
import com.aliyun.sdk.gateway.pop.Configuration;
import com.aliyun.sdk.gateway.pop.auth.SignatureVersion;
import com.aliyun.sdk.gateway.pop.clients.CommonAsyncClient;
import com.aliyun.sdk.gateway.pop.exception.PopClientException;
import com.aliyun.sdk.gateway.pop.models.CommonRequest;
import com.aliyun.sdk.gateway.pop.models.CommonResponse;
import com.sun.net.httpserver.HttpServer;
import darabonba.core.client.ClientOverrideConfiguration;
import io.kmsak.Provider;
import io.kmsak.credentials.async.KmsakCredentialProvider;
import io.kmsak.rocketmq.KmsakSessionCredentialsProvider;
import io.kmsak.rocketmq4.KmsakRPCHook;
import io.kmsak.tests.Kms;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.apache.rocketmq.client.java.misc.ClientId;
import org.apache.rocketmq.client.java.rpc.Signature;
import org.apache.rocketmq.remoting.protocol.RemotingCommand;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Each adapter with its real SDK, through rotations that leave the old AccessKey no time. */
@Timeout(300)
class MoreAdaptersTest {
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

  private static CommonRequest whoAmI(String action) {
    return CommonRequest.builder()
        .product("Sts")
        .version("2015-04-01")
        .action(action)
        .path("/")
        .httpMethod(HttpMethod.POST)
        .requestBodyType("formData")
        .responseBodyType("json")
        .build();
  }

  private CommonAsyncClient asynchronous() {
    // The emulator wants the host signed too, which the third form leaves out in this SDK.
    return CommonAsyncClient.builder()
        .region("cn-hangzhou")
        .serviceConfiguration(Configuration.create().setSignatureVersion(SignatureVersion.V1))
        .credentialsProvider(new KmsakCredentialProvider(provider, APP))
        .overrideConfiguration(
            ClientOverrideConfiguration.create().setProtocol("HTTP").setEndpointOverride(kms.authority("sts")))
        .build();
  }

  private static String code(Throwable thrown) {
    return thrown instanceof PopClientException error ? error.getErrCode() : null;
  }

  @Test
  void theAsynchronousSdks() throws Exception {
    try (CommonAsyncClient client = asynchronous()) {
      for (int rotation = 0; rotation < ROTATIONS; rotation++) {
        CommonResponse answer =
            provider.callAsync(APP, credentials -> client.callApi(whoAmI("GetCallerIdentity")), MoreAdaptersTest::code).get();
        assertTrue(answer.getBody().toString().contains("user/app"), answer.getBody().toString());
        kms.rotate();
      }
      ExecutionException other =
          assertThrows(
              ExecutionException.class,
              () -> provider.callAsync(APP, credentials -> client.callApi(whoAmI("NoSuchAction")), MoreAdaptersTest::code).get());
      assertInstanceOf(PopClientException.class, other.getCause());
    }
  }

  @Test
  void rocketMq5SignsWithTheAccessKeyOfTheHour() throws Exception {
    var configuration =
        org.apache.rocketmq.client.apis.ClientConfiguration.newBuilder()
            .setEndpoints("127.0.0.1:1")
            .setCredentialProvider(new KmsakSessionCredentialsProvider(provider, APP))
            .build();
    for (int rotation = 0; rotation < ROTATIONS; rotation++) {
      String headers = Signature.sign(configuration, new ClientId()).toString();
      assertTrue(headers.contains("Credential=" + kms.accessKeyId() + ","), headers);
      rotate();
    }
  }

  @Test
  void rocketMq4SignsWithTheAccessKeyOfTheHour() {
    KmsakRPCHook hook = new KmsakRPCHook(provider, APP);
    for (int rotation = 0; rotation < ROTATIONS; rotation++) {
      RemotingCommand request = RemotingCommand.createRequestCommand(0, null);
      hook.doBeforeRequest("127.0.0.1:1", request);
      assertEquals(kms.accessKeyId(), request.getExtFields().get("AccessKey"));
      rotate();
    }
  }

  /** As a client that was told that its AccessKey is unknown would. */
  private void rotate() {
    String old = provider.credentials(APP).accessKeyId();
    kms.rotate();
    provider.renew(APP, old);
  }

  /** A service that tells how it was asked, and knows nothing. */
  private static HttpServer service(String header, BlockingQueue<String> asked) throws Exception {
    HttpServer server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.createContext(
        "/",
        exchange -> {
          asked.add(String.valueOf(exchange.getRequestHeaders().getFirst(header)));
          exchange.getRequestBody().readAllBytes();
          exchange.sendResponseHeaders(400, -1);
          exchange.close();
        });
    server.start();
    return server;
  }

  @Test
  void tableStoreSignsWithTheAccessKeyOfTheHour() throws Exception {
    BlockingQueue<String> asked = new LinkedBlockingQueue<>();
    HttpServer server = service("x-ots-accesskeyid", asked);
    ClientConfiguration configuration = new ClientConfiguration();
    configuration.setRetryStrategy(new DefaultRetryStrategy(1, TimeUnit.MILLISECONDS));
    SyncClient client =
        new SyncClient(
            "http://127.0.0.1:" + server.getAddress().getPort(),
            new io.kmsak.tablestore.KmsakCredentialsProvider(provider, APP),
            "instance",
            configuration,
            null);
    try {
      for (int rotation = 0; rotation < ROTATIONS; rotation++) {
        assertThrows(RuntimeException.class, client::listTable);
        assertEquals(kms.accessKeyId(), asked.poll(60, TimeUnit.SECONDS));
        asked.clear();
        rotate();
      }
    } finally {
      client.shutdown();
      server.stop(0);
    }
  }

  @Test
  void logServiceSignsWithTheAccessKeyOfTheHour() throws Exception {
    BlockingQueue<String> asked = new LinkedBlockingQueue<>();
    HttpServer server = service("Authorization", asked);
    // Its client takes no endpoint with a port.
    var configuration = new com.aliyun.openservices.log.http.client.ClientConfiguration();
    configuration.setProxyHost("127.0.0.1");
    configuration.setProxyPort(server.getAddress().getPort());
    Client client =
        new Client(
            "http://cn-hangzhou.log.aliyuncs.com",
            new io.kmsak.log.KmsakCredentialsProvider(provider, APP),
            configuration,
            "127.0.0.1");
    try {
      for (int rotation = 0; rotation < ROTATIONS; rotation++) {
        assertThrows(Exception.class, () -> client.ListProject());
        String authorization = asked.poll(60, TimeUnit.SECONDS);
        assertTrue(authorization.startsWith("LOG " + kms.accessKeyId() + ":"), authorization);
        asked.clear();
        rotate();
      }
    } finally {
      client.shutdown();
      server.stop(0);
    }
  }
}
