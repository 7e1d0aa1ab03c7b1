package com.example;

import com.aliyun.oss.OSS;
import io.kmsak.Event;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import org.springframework.boot.CommandLineRunner;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.SpringBootApplication;
import org.springframework.context.annotation.Bean;
import org.springframework.context.event.EventListener;

/**
 * Lists the OSS buckets for each line on standard input. The starter makes the client, of {@code kmsak.config},
 * {@code kmsak.secret-name} and {@code kmsak.oss.endpoint}.
 */
@SpringBootApplication(proxyBeanMethods = false)
public class Application {
  public static void main(String[] arguments) {
    SpringApplication.run(Application.class, arguments);
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

  @EventListener
  void rotated(Event.Rotated event) {
    System.err.println(event);
  }
}
