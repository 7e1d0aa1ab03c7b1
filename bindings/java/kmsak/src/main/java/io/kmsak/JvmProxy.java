package io.kmsak;

import java.util.StringJoiner;

/** The JVM's own proxy settings: {@code https.proxyHost}, {@code https.proxyPort} and {@code http.nonProxyHosts}. */
final class JvmProxy {
  /** What the JVM reaches directly unless told otherwise. */
  private static final String USUAL = "localhost|127.*|[::1]";

  private JvmProxy() {}

  /** For native code: where it is set, the proxy, and what is reached without it. Null where there is none. */
  static Object[] settings() {
    String host = property("https.proxyHost", "");
    if (host.isEmpty()) {
      return null;
    }
    String address = host.indexOf(':') >= 0 && !host.startsWith("[") ? "[" + host + "]" : host;
    return new Object[] {
      "the JVM's system properties https.proxyHost and https.proxyPort",
      "http://" + address + ":" + property("https.proxyPort", "443"),
      except(property("http.nonProxyHosts", USUAL))
    };
  }

  private static String property(String name, String other) {
    String value = System.getProperty(name);
    return value == null ? other : value.trim();
  }

  /** With commas, and {@code 10.1.*} as a network. */
  private static String except(String hosts) {
    StringJoiner list = new StringJoiner(",");
    for (String host : hosts.split("\\|")) {
      String trimmed = host.trim();
      if (!trimmed.isEmpty()) {
        list.add(network(trimmed));
      }
    }
    return list.toString();
  }

  private static String network(String pattern) {
    if (!pattern.matches("(\\d{1,3}\\.){1,3}\\*")) {
      return pattern;
    }
    String[] known = pattern.split("\\.");
    StringBuilder address = new StringBuilder();
    for (int part = 0; part < 4; part++) {
      address.append(part == 0 ? "" : ".").append(part < known.length - 1 ? known[part] : "0");
    }
    return address + "/" + 8 * (known.length - 1);
  }
}
