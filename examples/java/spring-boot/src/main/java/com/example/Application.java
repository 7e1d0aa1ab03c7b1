package com.example;

import com.aliyun.oss.OSS;
import io.kmsak.Provider;
import io.kmsak.oss.KmsakOSSClientBuilder;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import org.springframework.beans.factory.annotation.Value;
import org.springframework.boot.CommandLineRunner;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.SpringBootApplication;
import org.springframework.context.annotation.Bean;

/** Lists the OSS buckets for each line on standard input. */
@SpringBootApplication(proxyBeanMethods = false)
public class Application {
  public static void main(String[] arguments) {
    SpringApplication.run(Application.class, arguments);
  }

  /** Spring closes what has a close method when the application ends. */
  @Bean
  Provider provider(@Value("${kmsak.config}") String file) {
    return Provider.fromFile(file);
  }

  @Bean(destroyMethod = "shutdown")
  OSS oss(Provider provider, @Value("${oss.endpoint}") String endpoint) {
    return new KmsakOSSClientBuilder().build(endpoint, provider, "acs/ram/user/app");
  }

  @Bean
  CommandLineRunner listing(OSS oss) {
    return arguments -> {
      BufferedReader input = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
      while (input.readLine() != null) {
        System.out.println(oss.listBuckets().size() + " buckets");
      }
    };
  }
}
