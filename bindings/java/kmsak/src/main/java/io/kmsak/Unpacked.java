package io.kmsak;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.Paths;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.LinkedHashSet;
import java.util.Set;

/**
 * Loads a library that is not in a file, from the first place where that can be done: a fresh folder that nobody but this user may enter, in
 * {@code java.io.tmpdir}, the working directory, the home or {@code /dev/shm}, which is removed as soon as the library is loaded (on
 * Windows by a JVM that starts later); or else the memory.
 */
final class Unpacked {
  private static final int TRIES = 1000;
  private static final int PART = 1 << 18;
  private static final long LEFT_BEHIND_MILLIS = 60L * 60 * 1000;

  private Unpacked() {}

  /** A library that can be read several times. */
  interface Source {
    InputStream open() throws IOException;
  }

  /** In parts that are not small, for those take several times as long. */
  static void copy(Source from, Path to) throws IOException {
    byte[] part = new byte[PART];
    try (InputStream input = from.open();
        OutputStream output = Files.newOutputStream(to)) {
      for (int length = input.read(part); length >= 0; length = input.read(part)) {
        output.write(part, 0, length);
      }
    }
  }

  static void load(Source content, String file) {
    StringBuilder reasons = new StringBuilder();
    UnsatisfiedLinkError last = null;
    for (Path folder : places()) {
      try {
        loadIn(folder, content, file);
        return;
      } catch (IOException error) {
        reasons.append("; ").append(folder).append(": ").append(error);
      } catch (UnsatisfiedLinkError error) {
        last = error;
        reasons.append("; ").append(folder).append(": ").append(error.getMessage());
      }
    }
    try {
      if (MemoryFile.load(content)) {
        return;
      }
    } catch (IOException error) {
      reasons.append("; the memory: ").append(error);
    } catch (UnsatisfiedLinkError error) {
      last = error;
      reasons.append("; the memory: ").append(error.getMessage());
    }
    throw NativeLibrary.failed(
        "kmsak's native library cannot be loaded from anywhere: name a folder that can be written and is not mounted noexec with "
            + "-Djava.io.tmpdir, or the library itself with -D"
            + NativeLibrary.PROPERTY
            + reasons,
        last);
  }

  private static Set<Path> places() {
    Set<Path> places = new LinkedHashSet<>();
    for (String property : new String[] {"java.io.tmpdir", "user.dir", "user.home"}) {
      String place = System.getProperty(property);
      if (place != null && !place.isEmpty()) {
        places.add(Paths.get(place).toAbsolutePath());
      }
    }
    if (System.getProperty("os.name").equals("Linux")) {
      places.add(Paths.get("/dev/shm"));
    }
    return places;
  }

  private static void loadIn(Path place, Source content, String file) throws IOException {
    if (System.getProperty("os.name").startsWith("Windows")) {
      sweep(place, file);
    }
    Path folder = fresh(place);
    Path copy = folder.resolve(file);
    try {
      copy(content, copy);
      System.load(copy.toString());
    } finally {
      remove(copy);
      remove(folder);
    }
  }

  /**
   * A folder that was not there before and has its permissions from the first moment. Its name may be guessed: what somebody
   * else made under it is not taken. (A random one would start the JVM's SecureRandom, which takes longer than all else here.)
   */
  private static Path fresh(Path place) throws IOException {
    FileAttribute<?>[] mine = {};
    if (place.getFileSystem().supportedFileAttributeViews().contains("posix")) {
      Set<PosixFilePermission> rwx = PosixFilePermissions.fromString("rwx------");
      mine = new FileAttribute<?>[] {PosixFilePermissions.asFileAttribute(rwx)};
    }
    FileAlreadyExistsException taken = null;
    for (int attempt = 0; attempt < TRIES; attempt++) {
      try {
        return Files.createDirectory(place.resolve("kmsak-" + Long.toHexString(System.nanoTime())), mine);
      } catch (FileAlreadyExistsException another) {
        taken = another;
      }
    }
    throw taken;
  }

  /** Windows keeps a loaded library's file for as long as the JVM runs: see {@link #sweep}. */
  private static void remove(Path path) {
    try {
      Files.deleteIfExists(path);
    } catch (IOException inUse) {
      return;
    }
  }

  /** Removes what JVMs that have ended left in {@code place}; what is still in use Windows keeps. */
  private static void sweep(Path place, String file) {
    FileTime old = FileTime.fromMillis(System.currentTimeMillis() - LEFT_BEHIND_MILLIS);
    try (DirectoryStream<Path> folders = Files.newDirectoryStream(place, "kmsak-*")) {
      for (Path folder : folders) {
        Path library = folder.resolve(file);
        // Another JVM may be about to load it.
        if (Files.isRegularFile(library) && Files.getLastModifiedTime(library).compareTo(old) < 0) {
          remove(library);
          remove(folder);
        }
      }
    } catch (IOException | DirectoryIteratorException gone) {
      // Another JVM sweeps as well.
      return;
    }
  }
}
