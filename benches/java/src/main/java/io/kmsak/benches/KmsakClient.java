package io.kmsak.benches;

import io.kmsak.Provider;

final class KmsakClient implements Client {
  private final Provider provider;

  KmsakClient(String config) {
    provider = Provider.fromFile(config);
  }

  @Override
  public String accessKeyId(String name) {
    return provider.credentials(name).accessKeyId();
  }

  @Override
  public Object read(String name) {
    return provider.credentials(name);
  }

  @Override
  public String renew(String name, String rejectedId) {
    return provider.renew(name, rejectedId).accessKeyId();
  }

  @Override
  public void refresh(String name) {
    provider.refresh(name);
  }

  @Override
  public void close() {
    provider.close();
  }
}
