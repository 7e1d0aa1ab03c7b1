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
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What shows only from outside a JVM: what it prints, how it ends, what it leaves on disk. */
@Timeout(60)
class ChildJvmTest {
  private record Ended(int code, String output) {}

  private static Ended run(String file, String... options) throws Exception {
    return run(System.getProperty("java.class.path"), file, options);
  }

  private static Ended run(String classPath, String file, String[] options) throws Exception {
    List<String> command = new ArrayList<>();
    command.add(System.getProperty("java.home") + File.separator + "bin" + File.separator + "java");
    command.addAll(List.of(options));
    command.addAll(List.of("-cp", classPath, Exercise.class.getName(), file));
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    String output = new String(process.getInputStream().readAllBytes());
    if (!process.waitFor(30, TimeUnit.SECONDS)) {
      process.destroyForcibly();
      throw new AssertionError("the JVM does not end: " + output);
    }
    return new Ended(process.exitValue(), output);
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

  @Test
  void aMissingPlatformIsTold() throws Exception {
    Ended ended = run("nothing", "-Dos.arch=vax");
    assertNotEquals(0, ended.code);
    assertTrue(ended.output.contains("no native library for linux-vax"), ended.output);
    assertTrue(ended.output.contains("-Dio.kmsak.library="), ended.output);
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
      Ended ended = run(kms.onTheCloud(), "-Dorg.slf4j.simpleLogger.log.io.kmsak=debug");
      assertEquals(0, ended.code, ended.output);
      assertTrue(ended.output.contains("DEBUG io.kmsak - fetched " + Kms.APP), ended.output);
      ended = run(kms.onTheCloud(), "-Dorg.slf4j.simpleLogger.log.io.kmsak=info");
      assertFalse(ended.output.contains("DEBUG io.kmsak"), ended.output);
    }
  }

  @Test
  void logLinesGoToJavaUtilLoggingWhereThereIsNoSlf4j() throws Exception {
    String withoutSlf4j =
        Arrays.stream(System.getProperty("java.class.path").split(File.pathSeparator))
            .filter(entry -> !entry.contains("slf4j"))
            .collect(Collectors.joining(File.pathSeparator));
    Path settings = Files.createTempFile("logging", ".properties");
    Files.writeString(
        settings,
        "handlers=java.util.logging.ConsoleHandler\n"
            + "java.util.logging.ConsoleHandler.level=FINE\n"
            + "io.kmsak.level=FINE\n");
    try (Kms kms = Kms.start()) {
      String[] options = {"-Djava.util.logging.config.file=" + settings, "-Duser.language=en"};
      Ended ended = run(withoutSlf4j, kms.onTheCloud(), options);
      assertEquals(0, ended.code, ended.output);
      assertTrue(ended.output.contains("FINE: fetched " + Kms.APP), ended.output);
    } finally {
      Files.delete(settings);
    }
  }

  private static String platform() {
    return "linux-" + System.getProperty("os.arch").replace("amd64", "x86_64");
  }
}
