package com.aliyun.kms.secretsmanager.plugin.sdkcore;

import com.aliyun.kms.secretsmanager.plugin.common.AKExpireHandler;
import com.aliyuncs.exceptions.ClientException;
import java.util.Arrays;
import java.util.HashSet;
import java.util.Set;

/** Tells a rejected AccessKey by the error's code. */
public class SdkCorePluginAKExpireHandler implements AKExpireHandler<ClientException> {
  private static final String[] USUAL = {"InvalidAccessKeyId.NotFound", "InvalidAccessKeyId"};

  private final Set<String> codes;

  /** With the usual error codes. */
  public SdkCorePluginAKExpireHandler() {
    this(null);
  }

  /**
   * With error codes of one's own.
   *
   * @param akExpireErrorCodes the codes; null or none for the usual ones
   */
  public SdkCorePluginAKExpireHandler(String[] akExpireErrorCodes) {
    boolean none = akExpireErrorCodes == null || akExpireErrorCodes.length == 0;
    codes = new HashSet<>(Arrays.asList(none ? USUAL : akExpireErrorCodes));
  }

  @Override
  public boolean judgeAKExpire(ClientException e) {
    return codes.contains(e.getErrCode());
  }
}
