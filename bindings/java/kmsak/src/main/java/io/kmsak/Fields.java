package io.kmsak;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;

/** Named values that events and statistics consist of. Native code fills it, and calls the methods that do so by name. */
final class Fields {
  private final Map<String, Object> values = new LinkedHashMap<>();

  void text(String name, String value) {
    values.put(name, value);
  }

  void number(String name, long value) {
    values.put(name, value);
  }

  void flag(String name, long value) {
    values.put(name, value != 0);
  }

  void duration(String name, long nanoseconds) {
    values.put(name, Answer.duration(nanoseconds));
  }

  void time(String name, long milliseconds) {
    values.put(name, Answer.instant(milliseconds));
  }

  /** Native code passes what it returns to the next one. */
  KmsakException failure(
      String kind, String code, String requestId, boolean retryable, int httpStatus, String message, String cause) {
    return KmsakException.of(kind, code, requestId, retryable, httpStatus, message, cause);
  }

  void error(String name, KmsakException value) {
    values.put(name, value);
  }

  /** One more thing in a list. */
  Fields row(String name) {
    Fields row = new Fields();
    rows(name).add(row);
    return row;
  }

  String text(String name) {
    return (String) values.get(name);
  }

  long number(String name) {
    return (Long) values.getOrDefault(name, 0L);
  }

  boolean flag(String name) {
    return (Boolean) values.getOrDefault(name, false);
  }

  Duration duration(String name) {
    return (Duration) values.get(name);
  }

  Instant time(String name) {
    return (Instant) values.get(name);
  }

  KmsakException error(String name) {
    return (KmsakException) values.get(name);
  }

  /** An unmodifiable list of what is made of each thing in it. */
  <T> List<T> list(String name, Function<Fields, T> make) {
    List<T> made = new ArrayList<>();
    for (Fields row : rows(name)) {
      made.add(make.apply(row));
    }
    return Collections.unmodifiableList(made);
  }

  @SuppressWarnings("unchecked") // Nothing else is put where there are rows.
  private List<Fields> rows(String name) {
    return (List<Fields>) values.computeIfAbsent(name, none -> new ArrayList<Fields>());
  }

  /** With braces around it. */
  @Override
  public String toString() {
    StringBuilder shown = new StringBuilder("{");
    values.forEach(
        (name, value) ->
            shown
                .append(shown.length() == 1 ? "" : ", ")
                .append(name)
                .append('=')
                .append(value instanceof KmsakException ? ((KmsakException) value).getMessage() : value));
    return shown.append('}').toString();
  }
}
