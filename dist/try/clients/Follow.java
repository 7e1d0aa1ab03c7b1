import io.kmsak.Provider;

/** As follow.c. */
final class Follow {
  private static final String SECRET = "acs/ram/user/app";

  private Follow() {}

  public static void main(String[] files) throws java.io.IOException {
    try (Provider on = Provider.fromFile(files[0]);
        Provider off = Provider.fromFile(files[1])) {
      String id = on.credentials(SECRET).accessKeyId();
      System.out.println(id);
      System.out.println(off.credentials(SECRET).accessKeyId());
      System.out.flush();
      if (System.in.read() < 0) {
        throw new java.io.EOFException();
      }
      System.out.println(on.renew(SECRET, id).accessKeyId());
    }
  }
}
