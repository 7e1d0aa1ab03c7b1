package io.kmsak;

import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;

/**
 * Keeps a listener subscribed until it is closed or its provider is. Native code holds it weakly; the provider holds it.
 */
public final class Subscription implements AutoCloseable {
  private final Provider provider;
  private final Consumer<? super Event> listener;
  private final AtomicBoolean closed = new AtomicBoolean();
  private volatile long id;

  Subscription(Provider provider, Consumer<? super Event> listener) {
    this.provider = provider;
    this.listener = listener;
  }

  void begin(NativeProvider nativeProvider) {
    id = nativeProvider.subscribe(this);
  }

  /** Called from native code, which passes what it returns to {@link #event}. */
  KmsakException failure(
      String kind, String code, String requestId, boolean retryable, int httpStatus, String message) {
    return KmsakException.of(kind, code, requestId, retryable, httpStatus, message);
  }

  /** Called from native code. */
  void event(String name, String first, String second, String third, long one, long two, KmsakException error) {
    if (closed.get()) {
      return;
    }
    Event event = Event.of(name, first, second, third, one, two, error);
    if (event == null) {
      return;
    }
    try {
      listener.accept(event);
    } catch (Throwable thrown) {
      // Whatever it is, it must not reach the native caller, and the other events are still to come.
      NativeLogs.warn("a listener threw on the event " + name + "; it stays subscribed", thrown);
    }
  }

  /** Unsubscribes: a call that runs at this moment ends, no other begins. Closing again does nothing. */
  @Override
  public void close() {
    if (closed.compareAndSet(false, true)) {
      provider.ended(this, id);
    }
  }
}
