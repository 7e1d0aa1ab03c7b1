package io.kmsak;

import java.util.ArrayDeque;
import java.util.Queue;

/** Log lines between the native threads that write them, which must not block, and the logger, which may. */
final class LogQueue implements Runnable {
  private static final int MOST = 1024;
  private static final String DROPPED =
      " log lines were dropped here: the application's logger hangs or is slower than they come";

  private final LogTarget target;
  private final Queue<Line> lines = new ArrayDeque<>();
  private int dropped;
  private boolean busy;

  private static final class Line {
    final int level;
    final String text;

    Line(int level, String text) {
      this.level = level;
      this.text = text;
    }
  }

  LogQueue(LogTarget target) {
    this.target = target;
  }

  /** Called from native code. When the logger is too slow the line is dropped, and the next one that is not tells of it. */
  void put(int level, String text) {
    synchronized (lines) {
      if (lines.size() >= MOST) {
        dropped++;
      } else {
        if (dropped > 0) {
          // Whoever wants errors alone is to know as well.
          lines.add(new Line(Math.min(level, LogTarget.WARN), dropped + DROPPED));
          dropped = 0;
        }
        lines.add(new Line(level, text));
      }
      if (busy) {
        return;
      }
      busy = true;
    }
    try {
      Background.run(this);
    } catch (OutOfMemoryError noThread) {
      // The next line tries again.
      synchronized (lines) {
        busy = false;
      }
    }
  }

  /** Empties the queue. */
  @Override
  public void run() {
    while (true) {
      Line line;
      synchronized (lines) {
        line = lines.poll();
        if (line == null) {
          busy = false;
          return;
        }
      }
      try {
        target.log(line.level, line.text, null);
      } catch (RuntimeException | Error broken) {
        // There is nobody left to tell of a logger that throws; the next line is still to come.
        continue;
      }
    }
  }
}
