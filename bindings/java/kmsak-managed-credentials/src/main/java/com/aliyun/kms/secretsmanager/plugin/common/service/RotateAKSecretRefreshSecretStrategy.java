package com.aliyun.kms.secretsmanager.plugin.common.service;

import com.aliyun.kms.secretsmanager.plugin.common.utils.DateUtils;
import com.aliyun.kms.secretsmanager.plugin.common.utils.StringUtils;
import com.aliyuncs.kms.secretsmanager.client.exception.CacheSecretException;
import com.aliyuncs.kms.secretsmanager.client.model.CacheSecretInfo;
import com.aliyuncs.kms.secretsmanager.client.model.SecretInfo;
import com.aliyuncs.kms.secretsmanager.client.service.RefreshSecretStrategy;
import java.io.IOException;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;

/**
 * Fetches a secret after its rotation date, else at an interval. kmsak plans so by itself, and takes the two times of this class for
 * {@code rotation_interval} and {@code delay_interval}; what a subclass overrides has no effect.
 */
public class RotateAKSecretRefreshSecretStrategy implements RefreshSecretStrategy {
  private static final long ROTATION = TimeUnit.HOURS.toMillis(6);
  private static final long DELAY = TimeUnit.MINUTES.toMillis(5);

  private final long rotationInterval;
  private final long delayInterval;
  private final long disturbance = ThreadLocalRandom.current().nextLong(TimeUnit.MINUTES.toMillis(5));

  /** With the usual times. */
  public RotateAKSecretRefreshSecretStrategy() {
    this(0, 0);
  }

  /**
   * With times of one's own.
   *
   * @param rotationInterval how often a secret without a rotation date in sight is fetched, in milliseconds; 0 for 6 hours
   * @param delayInterval how long after its rotation date a secret is fetched, in milliseconds; 0 for 5 minutes
   */
  public RotateAKSecretRefreshSecretStrategy(long rotationInterval, long delayInterval) {
    this.rotationInterval = rotationInterval > 0 ? rotationInterval : ROTATION;
    this.delayInterval = delayInterval > 0 ? delayInterval : DELAY;
  }

  /**
   * How often a secret without a rotation date in sight is fetched.
   *
   * @return milliseconds
   */
  public long getRotationInterval() {
    return rotationInterval;
  }

  /**
   * How long after its rotation date a secret is fetched.
   *
   * @return milliseconds
   */
  public long getDelayInterval() {
    return delayInterval;
  }

  @Override
  public void init() throws CacheSecretException {}

  @Override
  public long getNextExecuteTime(String secretName, long ttl, long offsetTimestamp) {
    return Math.max(offsetTimestamp, System.currentTimeMillis() - 1) + ttl + disturbance;
  }

  @Override
  public long parseNextExecuteTime(CacheSecretInfo cacheSecretInfo) {
    long now = System.currentTimeMillis();
    String date = cacheSecretInfo.getSecretInfo().getNextRotationDate();
    long next = StringUtils.isEmpty(date) ? -1 : DateUtils.parseDate(date, DateUtils.TIMEZONE_DATE_PATTERN);
    boolean inSight = next > now && next < now + rotationInterval + disturbance;
    return (inSight ? next + delayInterval : now + rotationInterval) + disturbance;
  }

  @Override
  public long parseTTL(SecretInfo secretInfo) {
    String seconds = secretInfo.getRotationInterval();
    return (StringUtils.isEmpty(seconds) ? rotationInterval : TimeUnit.SECONDS.toMillis(Long.parseLong(seconds.replace("s", ""))))
        + disturbance;
  }

  @Override
  public void close() throws IOException {}
}
