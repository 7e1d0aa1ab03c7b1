import com.aliyun.credentials.Client;
import com.aliyun.teaopenapi.models.Config;
import com.aliyun.teaopenapi.models.OpenApiRequest;
import com.aliyun.teaopenapi.models.Params;
import com.aliyun.teautil.models.RuntimeOptions;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.util.Map;

/** Calls GetCallerIdentity with the default credential chain, once for each line on standard input. */
public final class Judge {
  public static void main(String[] arguments) throws Exception {
    Client credential = new Client();
    BufferedReader input = new BufferedReader(new InputStreamReader(System.in));
    while (input.readLine() != null) {
      String answer;
      try {
        Config config =
            new Config().setCredential(credential).setEndpoint(System.getenv("STS")).setProtocol("HTTP");
        Map<?, ?> body =
            (Map<?, ?>)
                new com.aliyun.teaopenapi.Client(config)
                    .callApi(getCallerIdentity(), new OpenApiRequest(), new RuntimeOptions())
                    .get("body");
        answer = "{\"arn\": \"" + body.get("Arn") + "\"}";
      } catch (Exception error) {
        answer = "{\"error\": \"" + String.valueOf(error.getMessage()).replaceAll("[^ -~]|[\"\\\\]", "'") + "\"}";
      }
      System.out.println(answer);
    }
    System.exit(0);
  }

  private static Params getCallerIdentity() {
    return new Params()
        .setAction("GetCallerIdentity")
        .setVersion("2015-04-01")
        .setProtocol("HTTP")
        .setMethod("POST")
        .setAuthType("AK")
        .setStyle("RPC")
        .setPathname("/")
        .setReqBodyType("json")
        .setBodyType("json");
  }
}
