package com.example;

import com.aliyun.kms.secretsmanager.plugin.common.AKExpireHandler;
import com.aliyuncs.exceptions.ClientException;

/** Tells which errors of the service mean that the AccessKey was rotated away. */
public class AliyunSdkAKExpireHandler implements AKExpireHandler<ClientException> {
  @Override
  public boolean judgeAKExpire(ClientException e) {
    return "InvalidAccessKeyId.NotFound".equals(e.getErrCode()) || "InvalidAccessKeyId".equals(e.getErrCode());
  }
}
