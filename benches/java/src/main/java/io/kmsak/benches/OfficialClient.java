package io.kmsak.benches;

import com.aliyuncs.kms.secretsmanager.client.SecretCacheClient;
import com.aliyuncs.kms.secretsmanager.client.SecretCacheClientBuilder;
import com.aliyuncs.kms.secretsmanager.client.service.BaseSecretManagerClientBuilder;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;

/** The official client. An AccessKey has to be parsed out of what it answers, as its plug-ins do for each use. */
final class OfficialClient implements Client {
  private final SecretCacheClient client;

  OfficialClient(String config) throws Exception {
    client =
        SecretCacheClientBuilder.newCacheClientBuilder(
                BaseSecretManagerClientBuilder.standard().withCustomConfigFile(config).build())
            .build();
  }

  JsonObject accessKey(String name) throws Exception {
    return JsonParser.parseString(client.getSecretInfo(name).getSecretValue()).getAsJsonObject();
  }

  @Override
  public String accessKeyId(String name) throws Exception {
    return accessKey(name).get("AccessKeyId").getAsString();
  }

  @Override
  public Object read(String name) throws Exception {
    return client.getSecretInfo(name);
  }

  @Override
  public String renew(String name, String rejectedId) throws Exception {
    client.refreshNow(name);
    return accessKeyId(name);
  }

  @Override
  public void refresh(String name) throws Exception {
    client.refreshNow(name);
  }

  @Override
  public void close() throws Exception {
    client.close();
  }
}
