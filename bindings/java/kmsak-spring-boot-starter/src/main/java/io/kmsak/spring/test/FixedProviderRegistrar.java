package io.kmsak.spring.test;

import io.kmsak.FixedProviderBuilder;
import io.kmsak.Provider;
import org.springframework.beans.factory.support.BeanDefinitionBuilder;
import org.springframework.beans.factory.support.BeanDefinitionRegistry;
import org.springframework.context.annotation.ImportBeanDefinitionRegistrar;
import org.springframework.core.annotation.AnnotationAttributes;
import org.springframework.core.type.AnnotationMetadata;

/** Makes the provider that {@link FixedKmsak} describes; the auto-configuration then makes none. */
final class FixedProviderRegistrar implements ImportBeanDefinitionRegistrar {
  @Override
  public void registerBeanDefinitions(AnnotationMetadata test, BeanDefinitionRegistry registry) {
    AnnotationAttributes attributes =
        AnnotationAttributes.fromMap(test.getAnnotationAttributes(FixedKmsak.class.getName()));
    BeanDefinitionBuilder provider =
        BeanDefinitionBuilder.genericBeanDefinition(Provider.class, () -> open(attributes)).setPrimary(true);
    provider.setDestroyMethodName("close");
    registry.registerBeanDefinition("fixedKmsakProvider", provider.getBeanDefinition());
  }

  private static Provider open(AnnotationAttributes attributes) {
    FixedProviderBuilder builder = Provider.fixed();
    for (AnnotationAttributes key : attributes.getAnnotationArray("value")) {
      builder.accessKey(key.getString("secret"), key.getString("id"), key.getString("value"));
    }
    for (AnnotationAttributes text : attributes.getAnnotationArray("secrets")) {
      builder.secret(text.getString("secret"), text.getString("value"));
    }
    return builder.open();
  }
}
