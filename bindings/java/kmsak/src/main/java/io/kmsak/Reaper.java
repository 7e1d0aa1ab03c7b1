package io.kmsak;

import java.lang.ref.PhantomReference;
import java.lang.ref.ReferenceQueue;
import java.nio.ByteBuffer;
import java.util.HashSet;
import java.util.Set;

/**
 * Frees the native half of providers that nobody can reach any more, closed or not. Its thread lives only while there are some,
 * for a thread keeps its class loader from being collected.
 */
final class Reaper extends PhantomReference<ByteBuffer> {
  private static final ReferenceQueue<ByteBuffer> QUEUE = new ReferenceQueue<>();

  /** Also the lock of everything here. */
  private static final Set<Reaper> WATCHED = new HashSet<>();

  private final long handle;

  private Reaper(ByteBuffer changes, long handle) {
    super(changes, QUEUE);
    this.handle = handle;
  }

  static void watch(ByteBuffer changes, long handle) {
    synchronized (WATCHED) {
      WATCHED.add(new Reaper(changes, handle));
      if (WATCHED.size() == 1) {
        Thread thread = new Thread(null, Reaper::reap, "kmsak-reaper", 64 * 1024);
        thread.setDaemon(true);
        // Whose request opens the first provider must not be kept by a thread that outlives it.
        thread.setContextClassLoader(null);
        thread.start();
      }
    }
  }

  private static void reap() {
    while (true) {
      Reaper reaper;
      try {
        reaper = (Reaper) QUEUE.remove();
      } catch (InterruptedException nobodyOfOurs) {
        continue;
      }
      NativeProvider.free(reaper.handle);
      synchronized (WATCHED) {
        WATCHED.remove(reaper);
        if (WATCHED.isEmpty()) {
          return;
        }
      }
    }
  }
}
