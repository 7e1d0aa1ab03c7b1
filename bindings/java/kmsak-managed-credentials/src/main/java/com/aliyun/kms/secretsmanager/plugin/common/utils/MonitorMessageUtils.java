package com.aliyun.kms.secretsmanager.plugin.common.utils;

import com.aliyun.kms.secretsmanager.plugin.common.model.MonitorMessageInfo;
import io.kmsak.managedcredentials.Log;
import java.util.concurrent.BlockingQueue;

/** Hands over what a plug-in noticed. */
public class MonitorMessageUtils {
  private MonitorMessageUtils() {}

  /**
   * Puts a message into a queue; where that is full, it is logged.
   *
   * @param blockingQueue the queue
   * @param monitorMessageInfo the message
   */
  public static void addMessage(BlockingQueue<MonitorMessageInfo> blockingQueue, MonitorMessageInfo monitorMessageInfo) {
    if (!blockingQueue.offer(monitorMessageInfo)) {
      Log.warn(
          monitorMessageInfo.getAction() + " of " + monitorMessageInfo.getSecretName() + ": " + monitorMessageInfo.getErrorMessage(),
          null);
    }
  }
}
