import java.io.InputStream;
import java.net.HttpURLConnection;
import java.net.URL;
import java.nio.charset.StandardCharsets;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.context.ConfigurableApplicationContext;

/** Reads the AccessKey's id through the agent: with Spring Cloud Vault, or as the official page does with the JDK alone. */
@EnableAutoConfiguration
public class Judge {
  public static void main(String[] arguments) throws Exception {
    if (arguments[0].equals("plain")) {
      System.out.println(plain());
      return;
    }
    try (ConfigurableApplicationContext context = SpringApplication.run(Judge.class)) {
      System.out.println(context.getEnvironment().getProperty("AccessKeyId"));
    }
    System.exit(0);
  }

  private static String plain() throws Exception {
    URL url = new URL(System.getenv("AGENT") + "/secretsmanager/get?secretId=" + System.getenv("SECRET"));
    HttpURLConnection connection = (HttpURLConnection) url.openConnection();
    connection.setRequestProperty("X-KMS-Token", System.getenv("TOKEN"));
    try (InputStream body = connection.getInputStream()) {
      String text = new String(body.readAllBytes(), StandardCharsets.UTF_8);
      Matcher id = Pattern.compile("AccessKeyId\\\\\":\\\\\"([^\"\\\\]+)").matcher(text);
      if (!id.find()) {
        throw new IllegalStateException("no AccessKey");
      }
      return id.group(1);
    }
  }
}
