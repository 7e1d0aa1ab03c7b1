package io.kmsak;

import java.util.logging.Level;
import java.util.logging.Logger;

/** To java.util.logging. */
final class JulTarget implements LogTarget {
  private static final Level[] LEVELS = {
    Level.OFF, Level.SEVERE, Level.WARNING, Level.INFO, Level.FINE, Level.FINEST
  };

  private final Logger logger = Logger.getLogger(LOGGER);

  @Override
  public int level() {
    int most = TRACE;
    while (most > 0 && !logger.isLoggable(LEVELS[most])) {
      most--;
    }
    return most;
  }

  @Override
  public void log(int level, String line, Throwable thrown) {
    logger.logp(LEVELS[level], LOGGER, null, thrown == null ? line : line + ": " + thrown, thrown);
  }
}
