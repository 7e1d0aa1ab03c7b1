package io.kmsak.tests;

import io.kmsak.KmsakException;
import io.kmsak.Provider;
import java.nio.channels.FileChannel;
import java.nio.file.Path;

/** A program of its own that opens a provider twice and shows what goes wrong, with files mapped that its arguments name. */
public final class Twice {
  private Twice() {}

  public static void main(String[] arguments) throws Exception {
    for (int index = 1; index < arguments.length; index++) {
      try (FileChannel file = FileChannel.open(Path.of(arguments[index]))) {
        file.map(FileChannel.MapMode.READ_ONLY, 0, file.size());
      }
    }
    for (int count = 0; count < 2; count++) {
      try (Provider provider = Provider.fromFile(arguments[0])) {
        System.out.println("opened " + provider);
      } catch (KmsakException error) {
        System.out.println("told: " + error.getMessage());
        System.out.println("because: " + error.getCause());
      }
    }
  }
}
