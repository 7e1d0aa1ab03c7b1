package io.kmsak.tests;

import static io.kmsak.tests.Kms.APP;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

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
import io.kmsak.sdkcore.KmsakAcsClient;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Each adapter with its real SDK, through rotations that leave the old AccessKey no time. */
@Timeout(300)
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
}
