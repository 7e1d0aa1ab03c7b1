package io.kmsak;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** To SLF4J. Making one fails with NoClassDefFoundError where there is none. */
final class Slf4jTarget implements LogTarget {
  private final Logger logger = LoggerFactory.getLogger(LOGGER);

  @Override
  public int level() {
    if (logger.isTraceEnabled()) {
      return TRACE;
    }
    if (logger.isDebugEnabled()) {
      return DEBUG;
    }
    if (logger.isInfoEnabled()) {
      return INFO;
    }
    if (logger.isWarnEnabled()) {
      return WARN;
    }
    return logger.isErrorEnabled() ? ERROR : 0;
  }

  @Override
  public void log(int level, String line, Throwable thrown) {
    switch (level) {
      case ERROR:
        logger.error(line, thrown);
        break;
      case WARN:
        logger.warn(line, thrown);
        break;
      case INFO:
        logger.info(line, thrown);
        break;
      case DEBUG:
        logger.debug(line, thrown);
        break;
      default:
        logger.trace(line, thrown);
    }
  }
}
