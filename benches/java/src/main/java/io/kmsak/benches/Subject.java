package io.kmsak.benches;

import java.io.BufferedReader;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/** A client of the JVM as a subject of the benchmarks: see benches/README.md. Arguments: kmsak or official, CONFIG, SECRET. */
public final class Subject {
  private static final PrintStream OUT = new PrintStream(new FileOutputStream(FileDescriptor.out), true);

  private final String which;
  private final String config;
  private final String secret;
  private Client client;

  private Subject(String[] arguments) {
    which = arguments[0];
    config = arguments[1];
    secret = arguments[2];
  }

  public static void main(String[] arguments) throws Exception {
    phase("started");
    // What the official client logs is none of the protocol's business.
    System.setOut(System.err);
    Subject subject = new Subject(arguments);
    BufferedReader lines = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    for (String line = lines.readLine(); line != null; line = lines.readLine()) {
      String[] words = line.split(" ");
      if (words[0].equals("quit")) {
        break;
      }
      subject.obey(words[0], Arrays.asList(words).subList(1, words.length));
    }
    if (subject.client != null) {
      subject.client.close();
    }
    // The official client leaves threads that would keep the JVM.
    System.exit(0);
  }

  private void obey(String command, List<String> words) throws Exception {
    switch (command) {
      case "load":
        Class.forName(which.equals("kmsak") ? "io.kmsak.Provider" : "com.aliyuncs.kms.secretsmanager.client.SecretCacheClient");
        phase("loaded");
        break;
      case "open":
        client = Client.open(which, config);
        phase("opened");
        break;
      case "first":
        client.accessKeyId(secret);
        phase("first");
        break;
      case "read":
        read(Integer.parseInt(words.get(0)), Long.parseLong(words.get(1)));
        break;
      case "slowest":
        say("{\"nanoseconds\": " + slowest(Long.parseLong(words.get(0))) + "}");
        break;
      case "hang":
        hang();
        break;
      case "many":
        Map<String, String> wanted = new LinkedHashMap<>();
        words.subList(1, words.size()).forEach(name -> wanted.put(name, ""));
        crowd(Integer.parseInt(words.get(0)), wanted, (name, held) -> !client.accessKeyId(name).isEmpty());
        break;
      case "renew":
        Map<String, String> rejected = new LinkedHashMap<>();
        for (String name : words.subList(1, words.size())) {
          rejected.put(name, client.accessKeyId(name));
        }
        crowd(Integer.parseInt(words.get(0)), rejected, (name, id) -> !client.renew(name, id).equals(id));
        break;
      default:
        throw new IllegalArgumentException(command + ": no such command");
    }
  }

  private void read(int threads, long reads) throws Exception {
    long took =
        together(
            threads,
            () -> {
              for (long i = 0; i < reads; i++) {
                if (client.read(secret) == null) {
                  throw new IllegalStateException("nothing was read");
                }
              }
              return 0;
            },
            new ArrayList<>());
    say("{\"nanoseconds\": " + took + "}");
  }

  private long slowest(long reads) throws Exception {
    long most = 0;
    for (long i = 0; i < reads; i++) {
      long began = System.nanoTime();
      client.read(secret);
      most = Math.max(most, System.nanoTime() - began);
    }
    return most;
  }

  private void hang() {
    Thread thread =
        new Thread(
            () -> {
              try {
                client.refresh(secret);
              } catch (Exception hung) {
                System.err.println("the hanging refresh ended: " + hung);
              }
            });
    thread.setDaemon(true);
    thread.start();
    say("{\"begun\": true}");
  }

  private interface Attempt {
    boolean succeeds(String name, String held) throws Exception;
  }

  private void crowd(int threads, Map<String, String> work, Attempt attempt) throws Exception {
    List<Integer> failures = new ArrayList<>();
    long took =
        together(
            threads,
            () -> {
              int failed = 0;
              for (Map.Entry<String, String> one : work.entrySet()) {
                try {
                  failed += attempt.succeeds(one.getKey(), one.getValue()) ? 0 : 1;
                } catch (Exception failure) {
                  System.err.println(failure);
                  failed++;
                }
              }
              return failed;
            },
            failures);
    int failed = failures.stream().mapToInt(Integer::intValue).sum();
    say("{\"seconds\": " + took / 1e9 + ", \"failed\": " + failed + "}");
  }

  /** Gives the nanoseconds from the common beginning until the last thread is done. */
  private static long together(int threads, Callable<Integer> work, List<Integer> answers) throws Exception {
    ExecutorService pool = Executors.newFixedThreadPool(threads);
    CountDownLatch ready = new CountDownLatch(threads);
    CountDownLatch begin = new CountDownLatch(1);
    List<Future<Integer>> running = new ArrayList<>();
    for (int i = 0; i < threads; i++) {
      running.add(
          pool.submit(
              () -> {
                ready.countDown();
                begin.await();
                return work.call();
              }));
    }
    ready.await();
    long began = System.nanoTime();
    begin.countDown();
    for (Future<Integer> one : running) {
      answers.add(one.get());
    }
    long took = System.nanoTime() - began;
    pool.shutdown();
    return took;
  }

  private static void phase(String name) {
    Instant now = Instant.now();
    say("{\"phase\": \"" + name + "\", \"at\": " + (now.getEpochSecond() * 1_000_000_000L + now.getNano()) + "}");
  }

  private static void say(String line) {
    OUT.println(line);
  }
}
