package com.example;

import com.aliyun.kms.secretsmanager.plugin.common.utils.ConfigLoader;
import com.aliyun.kms.secretsmanager.plugin.sdkcore.ProxyAcsClient;
import com.aliyuncs.http.ProtocolType;
import com.aliyuncs.sts.model.v20150401.GetCallerIdentityRequest;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.Properties;

/**
 * An application like the one in Alibaba's solution guide, written for the official SDK. It asks STS who it is for each line on standard
 * input.
 */
public class Guide {
  public static void main(String[] args) throws Exception {
    // The Maven profile says whether this runs on the cloud. The properties file for either, and the ClientKey, password and CA
    // files that it names, lie in src/main/resources.
    ConfigLoader.setConfigName(profile() + ".properties");
    ProxyAcsClient client =
        new ProxyAcsClient("cn-hangzhou", "acs/ram/user/app", new AliyunSdkAKExpireHandler());
    BufferedReader input = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    while (input.readLine() != null) {
      GetCallerIdentityRequest request = new GetCallerIdentityRequest();
      if (args.length > 0) {
        request.setSysEndpoint(args[0]);
        request.setSysProtocol(ProtocolType.HTTP);
      }
      System.out.println(client.getAcsResponse(request).getArn());
    }
    client.shutdown();
  }

  private static String profile() throws IOException {
    Properties properties = new Properties();
    try (InputStream input = Guide.class.getResourceAsStream("/application.properties")) {
      properties.load(input);
    }
    return properties.getProperty("profile");
  }
}
