package com.aliyun.kms.secretsmanager.plugin.oss.operations;

import com.aliyun.oss.internal.OSSDownloadOperation;

/** Resumable downloads. */
public class ProxyOSSDownloadOperation extends OSSDownloadOperation implements ProxyOSSOperation {
  /**
   * On another part.
   *
   * @param objectOperation sends the requests
   */
  public ProxyOSSDownloadOperation(ProxyOSSObjectOperation objectOperation) {
    super(objectOperation);
  }
}
