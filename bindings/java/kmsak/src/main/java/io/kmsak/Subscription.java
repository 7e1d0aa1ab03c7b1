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

  /** Called from native code, which fills what it returns and passes it to {@link #event}. */
  Fields fields() {
    return new Fields();
  }

  /** Called from native code. */
  void event(String name, Fields fields) {
    if (closed.get()) {
      return;
    }
    Event event = Event.of(name, fields);
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
