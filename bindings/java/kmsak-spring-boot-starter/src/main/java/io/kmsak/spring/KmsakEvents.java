package io.kmsak.spring;

import io.kmsak.Provider;
import io.kmsak.Subscription;
import org.springframework.context.ApplicationEventPublisher;

/** Publishes each {@link io.kmsak.Event} to the application, on a thread of kmsak's, until it is closed. */
public final class KmsakEvents implements AutoCloseable {
  private final Subscription subscription;

  /**
   * Begins at once.
   *
   * @param provider tells the events
   * @param publisher the application
   */
  public KmsakEvents(Provider provider, ApplicationEventPublisher publisher) {
    subscription = provider.subscribe(publisher::publishEvent);
  }

  @Override
  public void close() {
    subscription.close();
  }
}
