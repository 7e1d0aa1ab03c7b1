package com.aliyun.kms.secretsmanager.plugin.common.utils;

/** What the official SDK says of text. */
public class StringUtils {
  private StringUtils() {}

  /**
   * Whether there is no text.
   *
   * @param cs the text
   * @return true for null and for an empty text
   */
  public static boolean isEmpty(CharSequence cs) {
    return cs == null || cs.length() == 0;
  }
}
