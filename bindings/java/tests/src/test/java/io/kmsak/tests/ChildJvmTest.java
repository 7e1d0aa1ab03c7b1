package io.kmsak.tests;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.File;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledForJreRange;
import org.junit.jupiter.api.condition.JRE;

/** What shows only from outside a JVM: what it prints, how it ends, what it leaves on disk. */
@Timeout(600)
class ChildJvmTest {
  private record Ended(int code, String output) {}

  private static Ended run(String file, String... options) throws Exception {
    return run(System.getProperty("java.class.path"), Map.of(), List.of(options), Exercise.class, file);
  }

  private static Ended twice(List<String> options, String... arguments) throws Exception {
    return run(System.getProperty("java.class.path"), Map.of(), options, Twice.class, arguments);
  }

  private static Ended run(
      String classPath, Map<String, String> environment, List<String> options, Class<?> program, String... arguments)
      throws Exception {
    return run(Path.of("."), classPath, environment, options, program, arguments);
  }

  private static Ended run(
      Path folder,
      String classPath,
      Map<String, String> environment,
      List<String> options,
      Class<?> program,
      String... arguments)
      throws Exception {
    List<String> command = new ArrayList<>();
    command.add(System.getProperty("java.home") + File.separator + "bin" + File.separator + "java");
    command.addAll(options);
    command.addAll(List.of("-cp", classPath, program.getName()));
    command.addAll(List.of(arguments));
    ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true).directory(folder.toFile());
    builder.environment().putAll(environment);
    Process process = builder.start();
    String output = new String(process.getInputStream().readAllBytes());
    if (!process.waitFor(120, TimeUnit.SECONDS)) {
      process.destroyForcibly();
      throw new AssertionError("the JVM does not end: " + output);
    }
    return new Ended(process.exitValue(), output);
  }

  /** Two uses, told the same. */
  private static void assertTwice(Ended ended, String... parts) {
    List<String> lines = ended.output.lines().filter(line -> line.startsWith("told: ")).toList();
    assertEquals(2, lines.size(), ended.output);
    assertEquals(lines.get(0), lines.get(1));
    assertTrue(ended.output.contains("because: java.lang.UnsatisfiedLinkError: "), ended.output);
    for (String part : parts) {
      assertTrue(lines.get(0).contains(part), ended.output);
    }
  }

  @Test
  void theJvmFindsNoFaultAndEndsWithAProviderOpenAndLeavesNothingOnDisk() throws Exception {
    Path folder = Files.createTempDirectory("kmsak-tmp-");
    try (Kms kms = Kms.start()) {
      Ended ended = run(kms.onTheCloud(), "-Xcheck:jni", "-Djava.io.tmpdir=" + folder);
      assertEquals(0, ended.code, ended.output);
      assertTrue(ended.output.contains(kms.accessKeyId()), ended.output);
      assertFalse(ended.output.contains("in native method"), ended.output);
      assertFalse(ended.output.contains("JNI"), ended.output);
    }
    // Empty, or this fails.
    Files.delete(folder);
  }

  /** As in a container with a root file system that is read-only: nobody can write into /proc. */
  @Test
  void whereNoTemporaryFolderCanBeWrittenOthersAreTried() throws Exception {
    Path home = Files.createTempDirectory("kmsak-home-");
    try (Kms kms = Kms.start()) {
      for (String place : List.of(home.toString(), "/proc")) {
        Ended ended =
            run(
                Path.of("/proc"),
                absoluteClassPath(),
                Map.of(),
                List.of("-Djava.io.tmpdir=/proc", "-Duser.home=" + place),
                Exercise.class,
                kms.onTheCloud());
        assertEquals(0, ended.code, ended.output);
        assertTrue(ended.output.contains(kms.accessKeyId()), ended.output);
      }
    }
    Files.delete(home);
  }

  private static String absoluteClassPath() {
    return Arrays.stream(System.getProperty("java.class.path").split(File.pathSeparator))
        .map(entry -> Path.of(entry).toAbsolutePath().toString())
        .collect(Collectors.joining(File.pathSeparator));
  }

  @Test
  void anImageOfModulesHasIt() throws Exception {
    String jar =
        Arrays.stream(System.getProperty("java.class.path").split(File.pathSeparator))
            .filter(entry -> entry.matches(".*/kmsak-[0-9.]+\\.jar"))
            .findFirst()
            .orElseThrow(() -> new AssertionError("kmsak is no jar: run mvn verify"));
    String classes = Path.of(Twice.class.getProtectionDomain().getCodeSource().getLocation().toURI()).toString();
    Path image = Files.createTempDirectory("kmsak-image-").resolve("image");
    try {
      Process linking =
          new ProcessBuilder(
                  System.getProperty("java.home") + "/bin/jlink", "--module-path", jar, "--add-modules", "io.kmsak", "--output", image.toString())
              .inheritIO()
              .start();
      assertEquals(0, linking.waitFor());
      Process process =
          new ProcessBuilder(
                  image + "/bin/java", "--add-modules", "io.kmsak", "-cp", classes, Twice.class.getName(), "nothing.properties")
              .redirectErrorStream(true)
              .start();
      String output = new String(process.getInputStream().readAllBytes());
      // It has asked native code for the configuration.
      assertTrue(output.contains("told: ") && output.contains("nothing.properties"), output);
    } finally {
      Kms.delete(image.getParent());
    }
  }

  @Test
  @EnabledForJreRange(min = JRE.JAVA_21, disabledReason = "older JVMs have no virtual threads")
  void aVirtualThreadThatWaitsLeavesItsCarrierToOthers() throws Exception {
    try (Kms kms = Kms.start()) {
      kms.fault("{\"kind\": \"hang\"}");
      Process process =
          new ProcessBuilder(
                  System.getProperty("java.home") + "/bin/java",
                  "-Djdk.virtualThreadScheduler.parallelism=1",
                  "-Djdk.virtualThreadScheduler.maxPoolSize=1",
                  "-cp",
                  System.getProperty("java.class.path"),
                  VirtualThreads.class.getName(),
                  kms.onTheCloud())
              .redirectErrorStream(true)
              .start();
      kms.waitForFault("hang");
      process.getOutputStream().write('\n');
      process.getOutputStream().flush();
      var output = process.inputReader();
      String line = output.readLine();
      while (line != null && !line.startsWith("the other")) {
        line = output.readLine();
      }
      assertEquals("the other thread ran", line);
      kms.clearFaults();
      line = output.readLine();
      assertEquals("the first got " + kms.accessKeyId(), line);
      assertEquals(0, process.waitFor());
    }
  }

  @Test
  void aMissingPlatformIsToldEachTime() throws Exception {
    assertTwice(
        twice(List.of("-Dos.arch=vax"), "nothing"), "no native library for linux-vax", "-Dio.kmsak.library=");
  }

  @Test
  void muslIsAnotherPlatform() throws Exception {
    Path folder = Files.createTempDirectory("kmsak-tmp-");
    try {
      // One file is loader and library: by the name of the one on Alpine, by that of the other on Void and Debian.
      for (String name : List.of("ld-musl-vax.so.1", "libc.so")) {
        Path musl = Files.writeString(folder.resolve(name), "musl");
        assertTwice(
            twice(List.of("-Dos.arch=vax"), "nothing", musl.toString()), "no native library for linux-vax-musl");
      }
    } finally {
      Kms.delete(folder);
    }
  }

  @Test
  void theReasonWhyALibraryCannotBeLoadedIsTold() throws Exception {
    Path library = Files.createTempFile("kmsak", ".so");
    try {
      Files.writeString(library, "no library at all");
      assertTwice(
          twice(List.of("-Dio.kmsak.library=" + library), "nothing"), library.toString(), "cannot be loaded (", "file too short");
    } finally {
      Files.delete(library);
    }
  }

  @Test
  @EnabledForJreRange(min = JRE.JAVA_24, disabledReason = "older JVMs deny nobody native access")
  void aJvmThatDeniesNativeAccessIsTold() throws Exception {
    assertTwice(
        twice(List.of("--illegal-native-access=deny"), "nothing"), "--enable-native-access=ALL-UNNAMED");
  }

  @Test
  void theEnvironmentWinsOverTheFile() throws Exception {
    try (Kms kms = Kms.start()) {
      Ended ended =
          run(
              System.getProperty("java.class.path"),
              Map.of("rotation_interval", "never"),
              List.of(),
              Exercise.class,
              kms.onTheCloud());
      assertNotEquals(0, ended.code, ended.output);
      assertTrue(ended.output.contains("rotation_interval"), ended.output);
      assertTrue(ended.output.contains("environment"), ended.output);
    }
  }

  @Test
  void theLibraryCanBeNamed() throws Exception {
    Path library = Files.createTempFile("kmsak", ".so");
    try (Kms kms = Kms.start();
        var content = io.kmsak.Provider.class.getResourceAsStream("native/" + platform() + "/libkmsak_jni.so")) {
      Files.write(library, content.readAllBytes());
      Ended ended = run(kms.onTheCloud(), "-Dos.arch=vax", "-Dio.kmsak.library=" + library);
      assertEquals(0, ended.code, ended.output);
      ended = run(kms.onTheCloud(), "-Dio.kmsak.library=" + library + ".missing");
      assertNotEquals(0, ended.code);
      assertTrue(ended.output.contains("where there is no file"), ended.output);
    } finally {
      Files.delete(library);
    }
  }

  @Test
  void logLinesGoToSlf4jWhereItIs() throws Exception {
    try (Kms kms = Kms.start()) {
      String fetched = "DEBUG io.kmsak - fetched " + Kms.APP;
      Ended ended =
          run(
              kms.onTheCloud(),
              "-Dorg.slf4j.simpleLogger.log.io.kmsak=debug",
              "-D" + Exercise.AWAITED + "=" + fetched);
      assertEquals(0, ended.code, ended.output);
      assertTrue(ended.output.contains(fetched), ended.output);
      ended = run(kms.onTheCloud(), "-Dorg.slf4j.simpleLogger.log.io.kmsak=info");
      assertFalse(ended.output.contains("DEBUG io.kmsak"), ended.output);
    }
  }

  @Test
  void logLinesGoToJavaUtilLoggingWhereThereIsNoSlf4j() throws Exception {
    String output =
        loggedTo(
            "handlers=java.util.logging.ConsoleHandler\n"
                + "java.util.logging.ConsoleHandler.level=FINE\n"
                + "io.kmsak.level=FINE\n",
            "FINE: fetched " + Kms.APP);
    assertTrue(output.contains("FINE: fetched " + Kms.APP), output);
  }

  @Test
  void aLogHandlerThatFailsGetsTheNextLineAllTheSame() throws Exception {
    String output = loggedTo("handlers=" + BrokenHandler.class.getName() + "\nio.kmsak.level=FINEST\n", "handled ");
    assertTrue(output.contains("handled "), output);
  }

  @Test
  void aLoggerThatHangsCostsNoMemoryAndIsToldOfWhatWasDropped() throws Exception {
    List<String> options = List.of("-Dorg.slf4j.simpleLogger.log.io.kmsak=debug");
    Ended ended = run(System.getProperty("java.class.path"), Map.of(), options, HangingLogger.class);
    assertEquals(0, ended.code, ended.output);
    // A newer JVM warns of native libraries.
    List<String> lines = ended.output.lines().filter(line -> line.contains(" io.kmsak - ")).toList();
    List<String> before = lines.stream().takeWhile(line -> !line.contains(" log lines were dropped")).toList();
    // What waited, and the one at which the logger hung.
    assertTrue(before.size() >= 1024 && before.size() <= 1026, before.size() + " lines waited");
    assertTrue(lines.get(before.size()).contains("WARN io.kmsak - "), lines.get(before.size()));
  }

  private static String loggedTo(String configuration, String awaited) throws Exception {
    String withoutSlf4j =
        Arrays.stream(System.getProperty("java.class.path").split(File.pathSeparator))
            .filter(entry -> !entry.contains("slf4j"))
            .collect(Collectors.joining(File.pathSeparator));
    Path settings = Files.createTempFile("logging", ".properties");
    Files.writeString(settings, configuration);
    try (Kms kms = Kms.start()) {
      List<String> options =
          List.of(
              "-Djava.util.logging.config.file=" + settings,
              "-Duser.language=en",
              "-D" + Exercise.AWAITED + "=" + awaited);
      Ended ended = run(withoutSlf4j, Map.of(), options, Exercise.class, kms.onTheCloud());
      assertEquals(0, ended.code, ended.output);
      return ended.output;
    } finally {
      Files.delete(settings);
    }
  }

  private static String platform() {
    return "linux-" + System.getProperty("os.arch").replace("amd64", "x86_64");
  }
}
