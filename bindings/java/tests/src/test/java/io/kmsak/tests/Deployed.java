package io.kmsak.tests;

import io.kmsak.Provider;
import java.nio.file.Path;
import java.util.concurrent.Callable;

/** An application that is deployed in a class loader of its own. */
public final class Deployed implements Callable<String> {
  private final Path file;
  private final boolean close;

  public Deployed(Path file, boolean close) {
    this.file = file;
    this.close = close;
  }

  @Override
  public String call() throws Exception {
    Provider provider = Provider.fromFile(file);
    provider.subscribe(event -> provider.isClosed());
    String id = provider.credentialsAsync("acs/ram/user/app").get().accessKeyId();
    if (close) {
      provider.close();
    }
    return id;
  }
}
