package io.fairlead.quarkus.runtime;

import static org.assertj.core.api.Assertions.assertThat;

import io.fairlead.config.ApplicationPlatforms;
import io.fairlead.config.ConfigReader;
import io.fairlead.config.ConfigSchema;
import io.fairlead.config.Property;
import io.smallrye.config.PropertiesConfigSource;
import io.smallrye.config.SmallRyeConfig;
import io.smallrye.config.SmallRyeConfigBuilder;
import io.smallrye.config.source.yaml.YamlConfigSource;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.eclipse.microprofile.config.spi.ConfigSource;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PageTest {
  private static final Path PAGE = Path.of("../../../../docs/quarkus.md");

  @TempDir
  Path folder;

  @Test
  void thePageHasARowForEachPropertyAndForNoOther() throws IOException {
    String page = Files.readString(PAGE);
    List<String> rows = page.substring(page.indexOf("## Properties"))
        .lines()
        .filter(line -> line.startsWith("| `fairlead."))
        .map(line -> line.substring(3, line.indexOf('`', 3)))
        .toList();

    List<String> properties = new ArrayList<>();
    add("platforms.NAME.", ConfigSchema.PLATFORMS, properties);
    add("endpoints.NAME.", ConfigSchema.ENDPOINTS, properties);
    add("functions.NAME.", ConfigSchema.FUNCTIONS, properties);
    add("start.", ConfigSchema.START, properties);
    add("health.", ConfigSchema.HEALTH, properties);
    add("observations.", ConfigSchema.OBSERVATIONS, properties);
    assertThat(rows).containsExactlyInAnyOrderElementsOf(properties);
  }

  private static void add(String group, List<Property> properties, List<String> names) {
    properties.forEach(each -> names.add("fairlead." + group + each.name()));
  }

  @Test
  void theConfigurationsOfThePageHaveNoMistake() throws IOException {
    List<ConfigSource> files = new ArrayList<>();
    // That it has the page's properties is tested with all pages.
    files.add(new PropertiesConfigSource(getClass().getResource("/page.properties"), 250));
    for (String part : Files.readString(PAGE).split("```yaml\n", -1)) {
      if (part.startsWith("fairlead:")) {
        Path file = Files.writeString(
            folder.resolve(files.size() + ".yaml"), part.substring(0, part.indexOf("```")));
        files.add(new YamlConfigSource(file.toUri().toURL(), 255));
      }
    }
    assertThat(files).hasSize(4);

    for (ConfigSource file : files) {
      ConfigReader reader = Configuration.read(config(file));
      ApplicationPlatforms platforms = ApplicationPlatforms.of(reader, Map.of());
      assertThat(reader.served(platforms.types())).isNotEmpty();
      // All that this class path may lack is a provider.
      assertThat(reader.problems().found())
          .allSatisfy(
              problem -> assertThat(problem.rule()).contains("fairlead-provider-sagemaker"));
    }
  }

  private static SmallRyeConfig config(ConfigSource file) {
    return new SmallRyeConfigBuilder()
        .addDefaultInterceptors()
        .withSources(file)
        .build();
  }
}
