package io.kmsak.managedcredentials;

import java.util.logging.Level;
import java.util.logging.Logger;

/** Tells what no caller can be told, to {@code io.kmsak} of SLF4J if that is there, else of java.util.logging. */
public final class Log {
  private static final String NAME = "io.kmsak";

  private Log() {}

  /**
   * Logs a warning.
   *
   * @param what what happened, without a secret
   * @param why its cause; null for none
   */
  public static void warn(String what, Throwable why) {
    try {
      Slf4j.warn(what, why);
    } catch (NoClassDefFoundError noSlf4j) {
      Logger.getLogger(NAME).log(Level.WARNING, what, why);
    }
  }

  private static final class Slf4j {
    static void warn(String what, Throwable why) {
      org.slf4j.LoggerFactory.getLogger(NAME).warn(what, why);
    }
  }
}
