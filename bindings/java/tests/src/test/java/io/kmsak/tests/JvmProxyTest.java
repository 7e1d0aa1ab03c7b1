package io.kmsak.tests;

import static io.kmsak.tests.Kms.APP;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.kmsak.ConfigurationException;
import io.kmsak.KmsakException;
import io.kmsak.Provider;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The JVM's own proxy settings. */
@Timeout(300)
class JvmProxyTest {
  private final BlockingQueue<String> requests = new LinkedBlockingQueue<>();
  private Kms kms;
  private ServerSocket proxy;

  @BeforeEach
  void start() throws Exception {
    kms = Kms.start();
    proxy = new ServerSocket(0, 10, InetAddress.getLoopbackAddress());
    Thread serving = new Thread(this::serve);
    serving.setDaemon(true);
    serving.start();
    System.setProperty("https.proxyHost", "127.0.0.1");
    System.setProperty("https.proxyPort", Integer.toString(proxy.getLocalPort()));
  }

  @AfterEach
  void stop() throws Exception {
    for (String property : new String[] {"https.proxyHost", "https.proxyPort", "http.nonProxyHosts"}) {
      System.clearProperty(property);
    }
    proxy.close();
    kms.close();
  }

  /** Tells what it was asked, and refuses. */
  private void serve() {
    while (!proxy.isClosed()) {
      try (Socket client = proxy.accept()) {
        BufferedReader request = new BufferedReader(new InputStreamReader(client.getInputStream(), StandardCharsets.US_ASCII));
        requests.add(String.valueOf(request.readLine()));
        client.getOutputStream().write("HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n".getBytes());
      } catch (IOException ended) {
        requests.add("ended");
      }
    }
  }

  private Provider impatient() {
    return Provider.builder().propertiesFile(kms.onTheCloud()).fetchDeadline(Duration.ofSeconds(2)).open();
  }

  @Test
  void kmsIsAskedThroughTheJvmsProxy() throws Exception {
    System.setProperty("http.nonProxyHosts", "*.example.com|10.*");
    do {
      try (Provider provider = impatient()) {
        assertThrows(KmsakException.class, () -> provider.credentials(APP));
      }
      // On a busy machine it may have given up before it asked.
    } while (requests.isEmpty());
    String request = requests.poll();
    assertTrue(request.startsWith("CONNECT 127.0.0.1:"), request);
  }

  @Test
  void itsExceptionsAreReachedDirectly() throws Exception {
    // Unless set they are this machine.
    for (String except : new String[] {null, "localhost|127.0.*", "127.0.0.1", "*"}) {
      if (except != null) {
        System.setProperty("http.nonProxyHosts", except);
      }
      try (Provider provider = Provider.builder().propertiesFile(kms.onTheCloud()).open()) {
        assertNotNull(provider.credentials(APP));
      }
    }
    assertEquals(0, requests.size());
  }

  @Test
  void whatTheConfigurationSaysWins() throws Exception {
    System.setProperty("http.nonProxyHosts", "");
    System.setProperty("https.proxyPort", "1");
    String own = "http://127.0.0.1:" + proxy.getLocalPort();
    do {
      try (Provider provider =
          Provider.builder().propertiesFile(kms.onTheCloud()).httpsProxy(own).fetchDeadline(Duration.ofSeconds(2)).open()) {
        assertThrows(KmsakException.class, () -> provider.credentials(APP));
      }
    } while (requests.isEmpty());
  }

  @Test
  void aProxyThatCannotBeIsToldByItsPlace() {
    System.setProperty("https.proxyPort", "many");
    ConfigurationException error = assertThrows(ConfigurationException.class, this::impatient);
    assertTrue(error.getMessage().contains("https.proxyPort"), error.getMessage());
  }
}
