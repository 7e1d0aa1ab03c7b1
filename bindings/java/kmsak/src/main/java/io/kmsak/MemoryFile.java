package io.kmsak;

import java.io.IOException;
import java.lang.invoke.MethodHandle;
import java.lang.reflect.Array;
import java.lang.reflect.Method;
import java.nio.file.Path;
import java.nio.file.Paths;
import java.util.Arrays;
import java.util.Optional;

/**
 * A file of Linux that is in no folder, for where none can be written or all are mounted noexec. Made with the JVM's own way to call
 * C, which is there since Java 22; by reflection, for this is compiled for Java 8.
 */
final class MemoryFile {
  private static final int CLOSE_ON_EXEC = 1;

  private MemoryFile() {}

  /** False where there are no such files. */
  static boolean load(Unpacked.Source content) throws IOException {
    if (!System.getProperty("os.name").equals("Linux")) {
      return false;
    }
    int descriptor;
    try {
      descriptor = create();
    } catch (ClassNotFoundException olderJava) {
      return false;
    } catch (Throwable refused) {
      throw new IOException("no memory file can be made", refused);
    }
    if (descriptor < 0) {
      return false;
    }
    Path file = Paths.get("/proc/self/fd/" + descriptor);
    Unpacked.copy(content, file);
    System.load(file.toString());
    return true;
  }

  /** {@code memfd_create("kmsak", MFD_CLOEXEC)}. The descriptor stays open: that is one for each class loader. */
  private static int create() throws Throwable {
    Class<?> linkers = Class.forName("java.lang.foreign.Linker");
    Class<?> segments = Class.forName("java.lang.foreign.MemorySegment");
    Class<?> layouts = Class.forName("java.lang.foreign.MemoryLayout");
    Class<?> values = Class.forName("java.lang.foreign.ValueLayout");
    Class<?> descriptors = Class.forName("java.lang.foreign.FunctionDescriptor");
    Class<?> options = Class.forName("java.lang.foreign.Linker$Option");
    Object linker = linkers.getMethod("nativeLinker").invoke(null);
    Object lookup = linkers.getMethod("defaultLookup").invoke(linker);
    Method find = Class.forName("java.lang.foreign.SymbolLookup").getMethod("find", String.class);
    Optional<?> function = (Optional<?>) find.invoke(lookup, "memfd_create");
    if (!function.isPresent()) {
      return -1;
    }
    Object number = values.getField("JAVA_INT").get(null);
    Object parameters = Array.newInstance(layouts, 2);
    Array.set(parameters, 0, values.getField("ADDRESS").get(null));
    Array.set(parameters, 1, number);
    Object signature = descriptors.getMethod("of", layouts, parameters.getClass()).invoke(null, number, parameters);
    MethodHandle call =
        (MethodHandle)
            linkers
                .getMethod("downcallHandle", segments, descriptors, Array.newInstance(options, 0).getClass())
                .invoke(linker, function.get(), signature, Array.newInstance(options, 0));
    Class<?> arenas = Class.forName("java.lang.foreign.Arena");
    Object arena = arenas.getMethod("ofAuto").invoke(null);
    Object name = Class.forName("java.lang.foreign.SegmentAllocator").getMethod("allocateFrom", String.class).invoke(arena, "kmsak");
    return (int) call.invokeWithArguments(Arrays.asList(name, CLOSE_ON_EXEC));
  }
}
