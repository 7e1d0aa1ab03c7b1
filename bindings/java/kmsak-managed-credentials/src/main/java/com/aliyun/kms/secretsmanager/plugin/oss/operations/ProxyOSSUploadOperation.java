package com.aliyun.kms.secretsmanager.plugin.oss.operations;

import com.aliyun.oss.internal.OSSUploadOperation;

/** Resumable uploads. */
public class ProxyOSSUploadOperation extends OSSUploadOperation implements ProxyOSSOperation {
  /**
   * On another part.
   *
   * @param objectOperation sends the requests
   */
  public ProxyOSSUploadOperation(ProxyOSSMultipartOperation objectOperation) {
    super(objectOperation);
  }
}
