package com.aliyun.kms.secretsmanager.plugin.common.utils;

import java.text.ParseException;
import java.text.SimpleDateFormat;
import java.util.Date;
import java.util.TimeZone;

/** Dates as KMS writes them, in UTC. */
public class DateUtils {
  /** KMS's own pattern. */
  public static final String TIMEZONE_DATE_PATTERN = "yyyy-MM-dd'T'HH:mm:ss'Z'";

  private DateUtils() {}

  /**
   * Writes a date.
   *
   * @param date the date
   * @param pattern a pattern, such as {@link #TIMEZONE_DATE_PATTERN}
   * @return the text
   */
  public static String formatDate(Date date, String pattern) {
    return utc(pattern).format(date);
  }

  /**
   * Reads a date.
   *
   * @param dateStr the text
   * @param pattern its pattern
   * @return milliseconds since 1970
   * @throws RuntimeException if the text does not follow the pattern
   */
  public static Long parseDate(String dateStr, String pattern) {
    try {
      return utc(pattern).parse(dateStr).getTime();
    } catch (ParseException error) {
      throw new RuntimeException(error);
    }
  }

  private static SimpleDateFormat utc(String pattern) {
    SimpleDateFormat format = new SimpleDateFormat(pattern);
    format.setTimeZone(TimeZone.getTimeZone("UTC"));
    return format;
  }
}
