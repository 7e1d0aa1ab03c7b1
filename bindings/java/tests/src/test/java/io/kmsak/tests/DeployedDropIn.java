package io.kmsak.tests;

import com.aliyun.kms.secretsmanager.plugin.common.AliyunSDKSecretsManagerPluginsManager;
import com.aliyun.kms.secretsmanager.plugin.common.utils.ConfigLoader;
import com.aliyun.kms.secretsmanager.plugin.tea.openapi.ProxyClientCreator;
import com.aliyun.teaopenapi.Client;
import com.aliyun.teaopenapi.models.Config;
import java.nio.file.Path;
import java.util.concurrent.Callable;

/**
 * An application of the official SDK that is deployed in a class loader of its own. It has no client of the V1.0 SDKs and sends
 * nothing: those SDKs start a thread that never ends, and all start threads for their connections, which hold the class loader.
 */
public final class DeployedDropIn implements Callable<String> {
  private final Path file;
  private final boolean close;

  public DeployedDropIn(Path file, boolean close) {
    this.file = file;
    this.close = close;
  }

  @Override
  public String call() throws Exception {
    ConfigLoader.setConfigName(file.toString());
    AliyunSDKSecretsManagerPluginsManager.getAccessKey(Kms.APP);
    Config config = new Config();
    config.endpoint = "localhost";
    Client client = ProxyClientCreator.createClient(config, Client.class, Kms.APP);
    // What a request is signed with.
    String id = client.getAccessKeyId();
    if (close) {
      AliyunSDKSecretsManagerPluginsManager.shutdown();
    }
    return id;
  }
}
