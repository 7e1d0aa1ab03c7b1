package io.kmsak.spring.sdk;

import com.aliyun.credentials.Client;
import com.aliyun.oss.OSSClient;
import com.aliyuncs.DefaultAcsClient;
import com.aliyuncs.IAcsClient;
import com.aliyuncs.profile.DefaultProfile;
import io.kmsak.Provider;
import io.kmsak.credentials.KmsakCredentialsClient;
import io.kmsak.oss.KmsakOSSClientBuilder;
import io.kmsak.sdkcore.KmsakAcsClient;
import io.kmsak.spring.KmsakAutoConfiguration;
import org.springframework.beans.factory.annotation.Value;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnClass;
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnProperty;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

/** Beans for the SDKs that are on the class path with their kmsak artifact, with the AccessKey of {@code kmsak.secret-name}. */
@AutoConfiguration(after = KmsakAutoConfiguration.class)
@ConditionalOnBean(Provider.class)
@ConditionalOnProperty("kmsak.secret-name")
public class KmsakSdkAutoConfiguration {
  /** Made by Spring. */
  public KmsakSdkAutoConfiguration() {}

  /** The V2.0 SDKs. */
  @Configuration(proxyBeanMethods = false)
  @ConditionalOnClass({Client.class, KmsakCredentialsClient.class})
  public static class Credentials {
    /** Made by Spring. */
    public Credentials() {}

    /**
     * The credential of a V2.0 SDK's {@code Config}.
     *
     * @param provider the provider
     * @param secretName the managed RAM secret
     * @return the credential
     */
    @Bean
    @ConditionalOnMissingBean
    public Client kmsakCredentialsClient(Provider provider, @Value("${kmsak.secret-name}") String secretName) {
      return new KmsakCredentialsClient(provider, secretName);
    }
  }

  /** OSS. */
  @Configuration(proxyBeanMethods = false)
  @ConditionalOnClass({OSSClient.class, KmsakOSSClientBuilder.class})
  @ConditionalOnProperty("kmsak.oss.endpoint")
  public static class Oss {
    /** Made by Spring. */
    public Oss() {}

    /**
     * An OSS client.
     *
     * @param provider the provider
     * @param secretName the managed RAM secret
     * @param endpoint OSS's
     * @return a client that is shut down with the application
     */
    @Bean(destroyMethod = "shutdown")
    @ConditionalOnMissingBean(com.aliyun.oss.OSS.class)
    public OSSClient kmsakOssClient(
        Provider provider, @Value("${kmsak.secret-name}") String secretName, @Value("${kmsak.oss.endpoint}") String endpoint) {
      return new KmsakOSSClientBuilder().build(endpoint, provider, secretName);
    }
  }

  /** The V1.0 SDKs. */
  @Configuration(proxyBeanMethods = false)
  @ConditionalOnClass({DefaultAcsClient.class, KmsakAcsClient.class})
  @ConditionalOnProperty("kmsak.sdk-core.region-id")
  public static class SdkCore {
    /** Made by Spring. */
    public SdkCore() {}

    /**
     * A client of the V1.0 SDKs.
     *
     * @param provider the provider
     * @param secretName the managed RAM secret
     * @param regionId the client's region
     * @return a client that is shut down with the application
     */
    @Bean(destroyMethod = "shutdown")
    @ConditionalOnMissingBean(IAcsClient.class)
    public KmsakAcsClient kmsakAcsClient(
        Provider provider,
        @Value("${kmsak.secret-name}") String secretName,
        @Value("${kmsak.sdk-core.region-id}") String regionId) {
      return new KmsakAcsClient(DefaultProfile.getProfile(regionId), provider, secretName);
    }
  }
}
