package io.fairlead.spring;

import io.fairlead.config.ConfigInfo;
import io.fairlead.platform.Platform;
import io.fairlead.spring.FairleadRegistrar.Declarations;
import java.util.Map;
import java.util.TreeMap;
import org.springframework.beans.factory.ListableBeanFactory;
import org.springframework.boot.actuate.autoconfigure.info.ConditionalOnEnabledInfoContributor;
import org.springframework.boot.actuate.info.InfoContributor;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnClass;
import org.springframework.context.annotation.Bean;

/** What is declared and where it is served, for the info endpoint of the actuator. */
@AutoConfiguration(after = FairleadAutoConfiguration.class)
@ConditionalOnClass({InfoContributor.class, ConditionalOnEnabledInfoContributor.class})
public class InfoAutoConfiguration {
  /** Creates the configuration; does nothing else. */
  public InfoAutoConfiguration() {}

  @Bean
  @ConditionalOnEnabledInfoContributor("fairlead")
  InfoContributor fairleadInfoContributor(Declarations declarations, ListableBeanFactory beans) {
    return info -> {
      Map<String, String> ids = new TreeMap<>();
      beans
          .getBeansOfType(Platform.class)
          .forEach((name, platform) -> ids.put(name, platform.id()));
      info.withDetail("fairlead", ConfigInfo.of(ids, declarations.all()));
    };
  }
}
