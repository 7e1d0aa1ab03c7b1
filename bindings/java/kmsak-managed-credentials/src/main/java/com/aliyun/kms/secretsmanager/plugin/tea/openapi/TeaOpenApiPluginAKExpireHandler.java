package com.aliyun.kms.secretsmanager.plugin.tea.openapi;

import com.aliyun.kms.secretsmanager.plugin.common.AKExpireHandler;
import com.aliyun.tea.TeaException;
import java.util.Arrays;
import java.util.HashSet;
import java.util.Set;

/** Tells a rejected AccessKey by the error's code. */
public class TeaOpenApiPluginAKExpireHandler implements AKExpireHandler<TeaException> {
  private static final String[] USUAL = {"InvalidAccessKeyId.NotFound", "InvalidAccessKeyId", "Unauthorized"};

  private final Set<String> codes;

  /** With the usual error codes. */
  public TeaOpenApiPluginAKExpireHandler() {
    this(null);
  }

  /**
   * With error codes of one's own.
   *
   * @param akExpireErrorCodes the codes; null or none for the usual ones
   */
  public TeaOpenApiPluginAKExpireHandler(String[] akExpireErrorCodes) {
    boolean none = akExpireErrorCodes == null || akExpireErrorCodes.length == 0;
    codes = new HashSet<>(Arrays.asList(none ? USUAL : akExpireErrorCodes));
  }

  @Override
  public boolean judgeAKExpire(TeaException e) {
    return codes.contains(e.getCode());
  }
}
