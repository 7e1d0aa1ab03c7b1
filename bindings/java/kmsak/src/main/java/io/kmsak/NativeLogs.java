package io.kmsak;

/** Takes kmsak's log lines to SLF4J if it is there, else to java.util.logging; the logger is {@code io.kmsak}. */
final class NativeLogs {
  private static final LogTarget TARGET = target();
  private static final LogQueue QUEUE = new LogQueue(TARGET);

  private NativeLogs() {}

  private static LogTarget target() {
    try {
      return new Slf4jTarget();
    } catch (NoClassDefFoundError noSlf4j) {
      return new JulTarget();
    }
  }

  /** Finds the logger. */
  static void initialize() {
    TARGET.level();
  }

  /** Asks native code for the lines that the logger lets through now. */
  static void forward() {
    forward(TARGET.level(), QUEUE);
  }

  static void warn(String line, Throwable thrown) {
    TARGET.log(LogTarget.WARN, line, thrown);
  }

  private static native void forward(int most, LogQueue queue);
}
