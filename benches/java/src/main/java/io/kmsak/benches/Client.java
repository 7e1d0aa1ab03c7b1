package io.kmsak.benches;

/** What the protocol of a subject asks of a client. */
interface Client extends AutoCloseable {
  /** Fetches the secret's AccessKey if need be, and gives its id. */
  String accessKeyId(String name) throws Exception;

  /** What users call for each use of an AccessKey, once it is cached. */
  Object read(String name) throws Exception;

  /** Gives the id of another AccessKey than the rejected one. */
  String renew(String name, String rejectedId) throws Exception;

  /** Fetches now. */
  void refresh(String name) throws Exception;

  static Client open(String which, String config) throws Exception {
    switch (which) {
      case "kmsak":
        return new KmsakClient(config);
      case "official":
        return new OfficialClient(config);
      default:
        throw new IllegalArgumentException(which + ": kmsak or official");
    }
  }
}
