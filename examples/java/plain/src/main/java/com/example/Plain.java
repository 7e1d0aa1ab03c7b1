package com.example;

import io.kmsak.Credentials;
import io.kmsak.Event;
import io.kmsak.Provider;
import io.kmsak.ServiceError;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;

/** Shows the AccessKey of the hour for each line on standard input, and goes on through rotations. */
public final class Plain {
  private Plain() {}

  public static void main(String[] arguments) throws IOException {
    try (Provider provider = Provider.fromFile(arguments[0])) {
      provider.subscribe(
          event -> {
            if (event instanceof Event.Rotated) {
              System.err.println(event);
            }
          });
      BufferedReader input = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
      for (String rejected = input.readLine(); rejected != null; rejected = input.readLine()) {
        String not = rejected;
        String id = provider.call("acs/ram/user/app", credentials -> request(credentials, not));
        System.out.println(id);
      }
    }
  }

  /** Stands for a call to a cloud service that no longer knows the AccessKey named on the line. */
  private static String request(Credentials credentials, String rejected) {
    if (credentials.accessKeyId().equals(rejected)) {
      throw new UnknownAccessKey();
    }
    return credentials.accessKeyId();
  }

  private static final class UnknownAccessKey extends RuntimeException implements ServiceError {
    private static final long serialVersionUID = 1L;

    @Override
    public String errorCode() {
      return "InvalidAccessKeyId.NotFound";
    }
  }
}
