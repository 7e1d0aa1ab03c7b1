package io.kmsak;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.Paths;
import java.util.Locale;

/**
 * Loads the native library: the one that the system property {@code io.kmsak.library} names, else the one in the jar.
 *
 * <p>A JVM lets only one class loader have the native library of a given path. So each class loader unpacks its own, into a fresh folder
 * that nobody but this user may enter, and removes it as soon as it is loaded.
 */
final class NativeLibrary {
  static final String PROPERTY = "io.kmsak.library";
  private static final String BUILD =
      "build one with `cargo build --release -p kmsak-jni` and name it with -D" + PROPERTY + "=/path/to/it";

  private static boolean loaded;
  private static UnsatisfiedLinkError failure;

  private NativeLibrary() {}

  /** Whoever asks again is told the same. */
  static synchronized void load() {
    if (loaded) {
      return;
    }
    if (failure != null) {
      throw failed(failure.getMessage(), failure);
    }
    try {
      find();
      loaded = true;
    } catch (UnsatisfiedLinkError error) {
      failure = error;
      throw error;
    } catch (RuntimeException refused) {
      // The class is there since Java 9, and thrown since Java 24.
      if (!refused.getClass().getName().equals("java.lang.IllegalCallerException")) {
        throw refused;
      }
      failure =
          failed("this JVM denies kmsak its native library: start it with --enable-native-access=ALL-UNNAMED", refused);
      throw failure;
    }
  }

  private static void find() {
    try {
      String named = System.getProperty(PROPERTY);
      if (named == null || named.isEmpty()) {
        loadFromJar();
      } else {
        loadNamed(Paths.get(named).toAbsolutePath());
      }
    } catch (IOException error) {
      throw failed(
          "kmsak cannot unpack its native library into "
              + System.getProperty("java.io.tmpdir")
              + " ("
              + error
              + "): name a folder that can be written with -Djava.io.tmpdir, or the library itself with -D"
              + PROPERTY,
          error);
    }
  }

  private static void loadNamed(Path library) throws IOException {
    if (!Files.isRegularFile(library)) {
      throw failed("the system property " + PROPERTY + " names " + library + ", where there is no file", null);
    }
    try {
      System.load(library.toString());
    } catch (UnsatisfiedLinkError error) {
      if (!String.valueOf(error.getMessage()).contains("already loaded in another classloader")) {
        throw failed(library + ", which the system property " + PROPERTY + " names, cannot be loaded (" + error.getMessage() + ")", error);
      }
      try (InputStream content = Files.newInputStream(library)) {
        loadCopy(content, library.getFileName().toString());
      }
    }
  }

  private static void loadFromJar() throws IOException {
    String platform = platform();
    String file = System.mapLibraryName("kmsak_jni");
    try (InputStream content = NativeLibrary.class.getResourceAsStream("native/" + platform + "/" + file)) {
      if (content == null) {
        throw failed("this kmsak jar has no native library for " + platform + ": " + BUILD, null);
      }
      loadCopy(content, file);
    }
  }

  private static void loadCopy(InputStream content, String file) throws IOException {
    // Made with a name that nobody can guess, and for this user alone.
    Path folder = Files.createTempDirectory("kmsak-");
    Path copy = folder.resolve(file);
    try {
      Files.copy(content, copy);
      System.load(copy.toString());
    } catch (UnsatisfiedLinkError error) {
      throw failed(
          "kmsak's native library cannot be loaded ("
              + error.getMessage()
              + "): if "
              + folder.getParent()
              + " is mounted noexec, name another folder with -Djava.io.tmpdir; else "
              + BUILD,
          error);
    } finally {
      remove(copy);
      remove(folder);
    }
  }

  /** Windows keeps a loaded library's file: that one goes when the JVM ends. */
  private static void remove(Path path) {
    try {
      Files.deleteIfExists(path);
    } catch (IOException inUse) {
      path.toFile().deleteOnExit();
    }
  }

  private static String platform() {
    String os = System.getProperty("os.name").toLowerCase(Locale.ROOT);
    String kind = os.startsWith("mac") ? "macos" : os.startsWith("windows") ? "windows" : os.replace(' ', '-');
    String architecture = System.getProperty("os.arch");
    String processor =
        architecture.equals("amd64") || architecture.equals("x86-64")
            ? "x86_64"
            : architecture.equals("arm64") ? "aarch64" : architecture;
    return kind + (kind.equals("linux") && runsOnMusl() ? "-musl-" : "-") + processor;
  }

  /** Whether this process has musl for its C library, as on Alpine: what is built for glibc does not load there. */
  private static boolean runsOnMusl() {
    try {
      return new String(Files.readAllBytes(Paths.get("/proc/self/maps")), StandardCharsets.ISO_8859_1).contains("/ld-musl-");
    } catch (IOException noProc) {
      return false;
    }
  }

  private static UnsatisfiedLinkError failed(String what, Throwable cause) {
    UnsatisfiedLinkError error = new UnsatisfiedLinkError(what);
    error.initCause(cause);
    return error;
  }
}
