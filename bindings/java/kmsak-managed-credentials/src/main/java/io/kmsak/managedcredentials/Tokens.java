package io.kmsak.managedcredentials;

import com.aliyun.kms.secretsmanager.plugin.common.utils.Constants;
import java.util.concurrent.TimeUnit;

/** How many refreshes a secret is still given, as in the official SDK: five in a row, and one more every ten minutes. */
public final class Tokens {
  private static final long REFILL = TimeUnit.MILLISECONDS.toNanos(Constants.DEFAULT_RATE_LIMIT_PERIOD);

  private int left = Constants.DEFAULT_MAX_TOKEN_NUMBER;
  private long filled = System.nanoTime();

  /** With all tokens. */
  public Tokens() {}

  /**
   * Takes a token.
   *
   * @return false if there is none
   */
  public synchronized boolean take() {
    long more = (System.nanoTime() - filled) / REFILL;
    left = (int) Math.min(Constants.DEFAULT_MAX_TOKEN_NUMBER, left + more);
    filled += more * REFILL;
    if (left == 0) {
      return false;
    }
    left--;
    return true;
  }
}
