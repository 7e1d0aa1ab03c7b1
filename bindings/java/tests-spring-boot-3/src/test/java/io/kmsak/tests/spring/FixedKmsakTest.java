package io.kmsak.tests.spring;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.kmsak.Provider;
import io.kmsak.spring.test.FixedKmsak;
import org.junit.jupiter.api.Test;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.boot.test.context.SpringBootTest;

/** An application's test without KMS, as its writer would write it. */
@SpringBootTest(classes = StarterTest.Application.class, webEnvironment = SpringBootTest.WebEnvironment.NONE)
@FixedKmsak(
    value = {
      @FixedKmsak.AccessKey(secret = "acs/ram/user/app", id = "LTAI1", value = "one"),
      @FixedKmsak.AccessKey(secret = "acs/ram/user/app", id = "LTAI2", value = "two")
    },
    secrets = @FixedKmsak.Text(secret = "greeting", value = "hello"))
class FixedKmsakTest {
  @Autowired private Provider provider;

  @Test
  void theProviderHandsOutWhatStandsOnTheTest() {
    assertEquals("hello", provider.secret("greeting").text());
    assertEquals("LTAI1", provider.credentials("acs/ram/user/app").accessKeyId());
    assertEquals("two", provider.renew("acs/ram/user/app", "LTAI1").accessKeySecret());
  }
}
