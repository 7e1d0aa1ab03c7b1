package io.kmsak;

import java.io.IOException;
import java.io.InputStream;
import java.net.URL;
import java.net.URLConnection;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.Paths;
import java.util.Locale;

/**
 * Loads the native library: the one that the system property {@code io.kmsak.library} names, else the one in the jar.
 *
 * <p>A JVM lets only one class loader have the native library of a given path. So each class loader unpacks its own.
 */
final class NativeLibrary {
  static final String PROPERTY = "io.kmsak.library";
  private static final String BUILD =
      "build one with `cargo build --release -p kmsak-jni` and name it with -D" + PROPERTY + "=/path/to/it";

  private static final String PLATFORMS = "Linux and macOS on x86_64 and aarch64, Linux with musl too, and Windows on x86_64";

  private static boolean loaded;
  private static UnsatisfiedLinkError failure;

  private NativeLibrary() {}

  /** Whoever asks again is told the same. */
  static synchronized void load() {
    if (loaded) {
      return;
    }
    if (failure == null) {
      prepareLogs();
      failure = tried();
    }
    if (failure != null) {
      // Not as the error that it is, which whoever catches exceptions would miss.
      ConfigurationException told = new ConfigurationException(null, null, false, 0, failure.getMessage());
      told.initCause(failure);
      throw told;
    }
    loaded = true;
  }

  private static void prepareLogs() {
    try {
      Background.run(new LogPreparation());
    } catch (OutOfMemoryError noThread) {
      // The logger is found when it is wanted.
      return;
    }
  }

  private static UnsatisfiedLinkError tried() {
    try {
      find();
      return null;
    } catch (UnsatisfiedLinkError error) {
      return error;
    } catch (RuntimeException refused) {
      // The class is there since Java 9, and thrown since Java 24.
      if (!refused.getClass().getName().equals("java.lang.IllegalCallerException")) {
        throw refused;
      }
      return failed(
          "this JVM denies kmsak its native library: start it with --enable-native-access=ALL-UNNAMED, or with "
              + "--enable-native-access=io.kmsak where kmsak is a module",
          refused);
    }
  }

  private static void find() {
    String named = System.getProperty(PROPERTY);
    if (named == null || named.isEmpty()) {
      loadFromJar();
    } else {
      loadNamed(Paths.get(named).toAbsolutePath());
    }
  }

  /** Classes, for the first lambda of a JVM takes its time, and these may be it. */
  private static final class OnDisk implements Unpacked.Source {
    private final Path library;

    OnDisk(Path library) {
      this.library = library;
    }

    @Override
    public InputStream open() throws IOException {
      return Files.newInputStream(library);
    }
  }

  private static final class InJar implements Unpacked.Source {
    private final URL library;

    InJar(URL library) {
      this.library = library;
    }

    @Override
    public InputStream open() throws IOException {
      URLConnection connection = library.openConnection();
      // A cached jar would stay open for as long as the JVM runs.
      connection.setUseCaches(false);
      return connection.getInputStream();
    }
  }

  private static void loadNamed(Path library) {
    if (!Files.isRegularFile(library)) {
      throw failed("the system property " + PROPERTY + " names " + library + ", where there is no file", null);
    }
    try {
      System.load(library.toString());
    } catch (UnsatisfiedLinkError error) {
      if (!String.valueOf(error.getMessage()).contains("already loaded in another classloader")) {
        throw failed(library + ", which the system property " + PROPERTY + " names, cannot be loaded (" + error.getMessage() + ")", error);
      }
      Unpacked.load(new OnDisk(library), library.getFileName().toString());
    }
  }

  private static void loadFromJar() {
    String platform = platform();
    String file = System.mapLibraryName("kmsak_jni");
    String name = "native/" + platform + "/" + file;
    URL library = NativeLibrary.class.getResource(name);
    if (library == null) {
      library = inAnotherJar("io/kmsak/" + name);
    }
    if (library == null) {
      throw failed(
          "kmsak has no native library for " + platform + " here (jars have those of " + PLATFORMS + "): add the one with that classifier"
              + " beside the slim jar, or " + BUILD,
          null);
    }
    Unpacked.load(new InJar(library), file);
  }

  /** A module does not see what lies in the jar of a classifier; its class loader does. */
  private static URL inAnotherJar(String name) {
    ClassLoader loader = NativeLibrary.class.getClassLoader();
    return loader == null ? ClassLoader.getSystemResource(name) : loader.getResource(name);
  }

  /** As the classifiers of jars are, which os-maven-plugin gives its names, and `-musl`. */
  private static String platform() {
    String os = System.getProperty("os.name").toLowerCase(Locale.ROOT);
    String kind = os.startsWith("mac") ? "osx" : os.startsWith("windows") ? "windows" : os.replace(' ', '-');
    String architecture = System.getProperty("os.arch");
    String processor =
        architecture.equals("amd64") || architecture.equals("x86-64")
            ? "x86_64"
            : architecture.equals("arm64") || architecture.equals("aarch64") ? "aarch_64" : architecture;
    return kind + "-" + processor + (kind.equals("linux") && runsOnMusl() ? "-musl" : "");
  }

  /**
   * Whether this process has musl for its C library, as on Alpine: what is built for glibc does not load there. Musl is one file,
   * its loader's on Alpine; elsewhere that is a link to `libc.so`, by which name no process has glibc's `libc.so.6`.
   */
  private static boolean runsOnMusl() {
    try {
      String mapped = new String(Files.readAllBytes(Paths.get("/proc/self/maps")), StandardCharsets.ISO_8859_1);
      return mapped.contains("/ld-musl-") || mapped.contains("/libc.so\n");
    } catch (IOException noProc) {
      return false;
    }
  }

  static UnsatisfiedLinkError failed(String what, Throwable cause) {
    UnsatisfiedLinkError error = new UnsatisfiedLinkError(what);
    error.initCause(cause);
    return error;
  }
}
