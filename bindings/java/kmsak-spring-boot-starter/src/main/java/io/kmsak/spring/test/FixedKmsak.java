package io.kmsak.spring.test;

import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Inherited;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import org.springframework.context.annotation.Import;

/**
 * On a test class: the application's provider is one for tests, which hands out what stands here and asks no KMS. Of a secret that is
 * named several times each renewal or refresh gives the next version.
 *
 * <pre>{@code
 * @SpringBootTest
 * @FixedKmsak({
 *   @FixedKmsak.AccessKey(secret = "acs/ram/user/app", id = "LTAI1", value = "one"),
 *   @FixedKmsak.AccessKey(secret = "acs/ram/user/app", id = "LTAI2", value = "two")
 * })
 * class OrdersTest {}
 * }</pre>
 */
@Documented
@Inherited
@Retention(RetentionPolicy.RUNTIME)
@Target(ElementType.TYPE)
@Import(FixedProviderRegistrar.class)
public @interface FixedKmsak {
  /**
   * The versions of managed RAM secrets.
   *
   * @return in the order in which they are handed out
   */
  AccessKey[] value() default {};

  /**
   * The versions of generic secrets.
   *
   * @return in the order in which they are handed out
   */
  Text[] secrets() default {};

  /** A version of a managed RAM secret. */
  @Retention(RetentionPolicy.RUNTIME)
  @Target({})
  @interface AccessKey {
    /**
     * The secret's name.
     *
     * @return such as {@code acs/ram/user/app}
     */
    String secret();

    /**
     * The AccessKey's id.
     *
     * @return the id
     */
    String id();

    /**
     * The AccessKey's secret.
     *
     * @return the secret
     */
    String value();
  }

  /** A version of a generic secret. */
  @Retention(RetentionPolicy.RUNTIME)
  @Target({})
  @interface Text {
    /**
     * The secret's name.
     *
     * @return the name
     */
    String secret();

    /**
     * The secret's value.
     *
     * @return the value
     */
    String value();
  }
}
