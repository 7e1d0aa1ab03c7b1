package io.kmsak.spring.metrics;

import io.kmsak.Event;
import io.kmsak.Provider;
import io.kmsak.Stats;
import io.kmsak.Subscription;
import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.binder.MeterBinder;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Function;
import java.util.function.ToDoubleFunction;

/**
 * Meters of a provider: {@code kmsak.secret.age} and {@code kmsak.secret.stale} in seconds, {@code kmsak.secret.fetches}, {@code .failures} and
 * {@code .renewals} with the tag {@code secret}; {@code kmsak.endpoint.up}, {@code .requests} and {@code .failures} with the tag
 * {@code endpoint}; {@code kmsak.client.key.days.left} with the tag {@code key.id}. Secrets that come later are measured from then on.
 */
public final class KmsakMeters implements MeterBinder, AutoCloseable {
  private final Provider provider;
  private final List<MeterRegistry> registries = new CopyOnWriteArrayList<>();
  private final Set<String> measured = ConcurrentHashMap.newKeySet();
  private final Set<Object> kept = ConcurrentHashMap.newKeySet();
  private final Subscription subscription;

  /**
   * Measures nothing yet.
   *
   * @param provider the provider
   */
  public KmsakMeters(Provider provider) {
    this.provider = provider;
    this.subscription = provider.subscribe(this::heard);
  }

  private void heard(Event event) {
    if (event instanceof Event.Fetched || event instanceof Event.RefreshFailed || event instanceof Event.ClientKeyReplaced) {
      registries.forEach(this::measure);
    }
  }

  @Override
  public void bindTo(MeterRegistry registry) {
    registries.add(registry);
    measure(registry);
  }

  private void measure(MeterRegistry registry) {
    Stats stats = provider.stats();
    for (Stats.SecretStats secret : stats.secrets()) {
      if (isNew(registry, "secret " + secret.name())) {
        Row<Stats.SecretStats> row = new Row<>(secret.name(), "secret", Stats::secrets, Stats.SecretStats::name);
        row.gauge(registry, "kmsak.secret.age", "seconds", of -> seconds(of.age()));
        row.gauge(registry, "kmsak.secret.stale", "seconds", of -> seconds(of.staleFor()));
        row.counter(registry, "kmsak.secret.fetches", Stats.SecretStats::fetches);
        row.counter(registry, "kmsak.secret.failures", Stats.SecretStats::failures);
        row.counter(registry, "kmsak.secret.renewals", Stats.SecretStats::renewals);
      }
    }
    for (Stats.EndpointStats endpoint : stats.endpoints()) {
      if (isNew(registry, "endpoint " + endpoint.endpoint())) {
        Row<Stats.EndpointStats> row =
            new Row<>(endpoint.endpoint(), "endpoint", Stats::endpoints, Stats.EndpointStats::endpoint);
        row.gauge(registry, "kmsak.endpoint.up", null, of -> of.down() ? 0 : 1);
        row.counter(registry, "kmsak.endpoint.requests", Stats.EndpointStats::requests);
        row.counter(registry, "kmsak.endpoint.failures", Stats.EndpointStats::failures);
      }
    }
    for (Stats.ClientKeyStats key : stats.clientKeys()) {
      if (isNew(registry, "key " + key.keyId())) {
        new Row<>(key.keyId(), "key.id", Stats::clientKeys, Stats.ClientKeyStats::keyId)
            .gauge(registry, "kmsak.client.key.days.left", "days", Stats.ClientKeyStats::daysLeft);
      }
    }
  }

  private boolean isNew(MeterRegistry registry, String what) {
    return measured.add(System.identityHashCode(registry) + " " + what);
  }

  private static double seconds(Duration duration) {
    return duration == null ? Double.NaN : duration.toNanos() / 1e9;
  }

  /** A row of the statistics, looked up by its name each time. */
  private final class Row<T> {
    private final String name;
    private final String tag;
    private final Function<Stats, List<T>> rows;
    private final Function<T, String> naming;

    Row(String name, String tag, Function<Stats, List<T>> rows, Function<T, String> naming) {
      this.name = name;
      this.tag = tag;
      this.rows = rows;
      this.naming = naming;
    }

    private double value(ToDoubleFunction<T> reading) {
      return rows.apply(provider.stats()).stream()
          .filter(row -> naming.apply(row).equals(name))
          .mapToDouble(reading)
          .findFirst()
          .orElse(Double.NaN);
    }

    void gauge(MeterRegistry registry, String meter, String unit, ToDoubleFunction<T> reading) {
      Gauge.builder(meter, this, row -> row.value(reading)).strongReference(true).tag(tag, name).baseUnit(unit).register(registry);
    }

    void counter(MeterRegistry registry, String meter, ToDoubleFunction<T> reading) {
      // A counter holds its object weakly, and this one belongs to nobody else.
      kept.add(this);
      FunctionCounter.builder(meter, this, row -> row.value(reading)).tag(tag, name).register(registry);
    }
  }

  @Override
  public void close() {
    subscription.close();
  }
}
