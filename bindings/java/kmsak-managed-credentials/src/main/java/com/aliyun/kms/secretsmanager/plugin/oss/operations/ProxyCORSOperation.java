package com.aliyun.kms.secretsmanager.plugin.oss.operations;

import com.aliyun.kms.secretsmanager.plugin.common.AKExpireHandler;
import com.aliyun.kms.secretsmanager.plugin.oss.SecretsManagerOssPluginManager;
import com.aliyun.oss.OSSClient;
import com.aliyun.oss.common.comm.RequestHandler;
import com.aliyun.oss.common.comm.RequestMessage;
import com.aliyun.oss.common.comm.ResponseHandler;
import com.aliyun.oss.common.comm.ServiceClient;
import com.aliyun.oss.common.parser.ResponseParser;
import com.aliyun.oss.internal.CORSOperation;
import java.util.List;

/** What concerns sharing with other origins. */
@SuppressWarnings("rawtypes")
public class ProxyCORSOperation extends CORSOperation implements ProxyOSSOperation {
  private final String secretName;
  private final AKExpireHandler handler;

  /**
   * For a client.
   *
   * @param client sends requests
   * @param ossClient has the AccessKey
   * @param secretName the managed RAM secret
   * @param akExpireHandler tells a rejected AccessKey; null for the usual error code
   */
  public ProxyCORSOperation(
      ServiceClient client, OSSClient ossClient, String secretName, AKExpireHandler akExpireHandler) {
    super(client, ossClient.getCredentialsProvider());
    this.secretName = secretName;
    this.handler = akExpireHandler;
  }

  @Override
  protected <T> T doOperation(
      RequestMessage request,
      ResponseParser<T> parser,
      String bucketName,
      String key,
      boolean keepResponseOpen,
      List<RequestHandler> requestHandlers,
      List<ResponseHandler> reponseHandlers) {
    return twice(
        request,
        () -> super.doOperation(request, parser, bucketName, key, keepResponseOpen, requestHandlers, reponseHandlers),
        secretName,
        handler,
        SecretsManagerOssPluginManager.getSecretsManagerPlugin());
  }
}
