package io.fairlead.examples;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.fail;

import io.fairlead.examples.Pages.Block;
import io.fairlead.grammar.Endpoint;
import io.fairlead.platform.Platform;
import io.fairlead.sagemaker.SageMakerPlatform;
import io.fairlead.yaml.YamlFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.WebApplicationType;
import org.springframework.boot.actuate.health.HealthEndpointGroups;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.Configuration;
import org.yaml.snakeyaml.Yaml;

/** Every block of YAML in every page is read by what it is for; that of docs/spring.md configures applications. */
class YamlBlocksTest {
  /** The first parts of the keys of an application's configuration. */
  private static final Set<String> SPRING = Set.of("fairlead", "management", "server", "spring");

  private static final Path SPRING_PAGE = Path.of("docs/spring.md");

  @TempDir
  Path folder;

  @Configuration(proxyBeanMethods = false)
  @EnableAutoConfiguration
  static class Application {}

  static List<Block> blocks() {
    return Pages.blocks().stream()
        .filter(block -> block.language().equals("yaml"))
        .toList();
  }

  @ParameterizedTest
  @MethodSource("blocks")
  void isReadByWhatItIsFor(Block block) throws IOException {
    Map<String, Object> top = new Yaml().load(block.text());
    Set<String> keys = new TreeSet<>();
    top.keySet().forEach(key -> keys.add(key.replaceAll("\\..*", "")));
    if (keys.contains("platform")) {
      Path file = Files.writeString(folder.resolve("deployment.yaml"), block.text());
      assertThat(YamlFile.deployment(file, name -> "any").problems().found()).isEmpty();
      return;
    }
    if (!SPRING.containsAll(keys)) {
      if (stands(block)) {
        return;
      }
      fail("nothing reads " + block + ": its keys are " + keys);
    }

    String whole =
        keys.contains("fairlead") ? block.text() : first(block.page()) + "\n" + block.text();
    try (ConfigurableApplicationContext context = started(whole)) {
      Object endpoints =
          top.get("fairlead") instanceof Map<?, ?> ours ? ours.get("endpoints") : null;
      if (endpoints instanceof Map<?, ?> named) {
        assertThat(context.getBeansOfType(Endpoint.class).keySet()).isEqualTo(named.keySet());
      }
    }
  }

  /** {@return whether a file of the project has it, which is read where that is used} */
  private static boolean stands(Block block) {
    return Pages.files("yaml", "yml").stream()
        .anyMatch(file -> Pages.read(file).contains(block.text().strip()));
  }

  /** {@return the first configuration of a page, which the others add to} */
  private static String first(Path page) {
    return blocks().stream()
        .filter(block -> block.page().equals(page))
        .findFirst()
        .orElseThrow()
        .text();
  }

  @Test
  void theControllerOfThePageAnswers() throws IOException {
    try (ConfigurableApplicationContext context = started(spring().get(0), Flowers.class)) {
      Flowers flowers = context.getBean(Flowers.class);

      assertThat(flowers.flowers("{\"instances\": [[5.1, 3.5, 1.4, 0.2]]}"))
          .startsWith("{\"predictions\":[");
    }
  }

  @Test
  void theOwnPlatformIsTheOneOfTheConfiguration() throws IOException {
    try (ConfigurableApplicationContext context = started(spring().get(1), OwnClient.class)) {
      assertThat(context.getBeansOfType(Platform.class)).containsOnlyKeys("cloud");
      assertThat(context.getBean("cloud")).isInstanceOf(SageMakerPlatform.class);
    }
  }

  @Test
  void theReadinessOfThePageHasOurHealth() throws IOException {
    String both = spring().get(0) + "\n" + spring().get(2);
    try (ConfigurableApplicationContext context = started(both)) {
      HealthEndpointGroups groups = context.getBean(HealthEndpointGroups.class);

      assertThat(groups.get("readiness").isMember("fairlead")).isTrue();
      assertThat(groups.get("readiness").isMember("diskSpace")).isFalse();
    }
  }

  private static List<String> spring() {
    return blocks().stream()
        .filter(block -> block.page().equals(SPRING_PAGE))
        .map(Block::text)
        .toList();
  }

  private ConfigurableApplicationContext started(String yaml, Class<?>... more) throws IOException {
    Path file =
        Files.writeString(Files.createTempDirectory(folder, "of").resolve("application.yml"), yaml);
    List<Class<?>> sources = new ArrayList<>(List.of(more));
    sources.add(0, Application.class);
    SpringApplication application = new SpringApplication(sources.toArray(Class[]::new));
    application.setWebApplicationType(WebApplicationType.NONE);
    application.setRegisterShutdownHook(false);
    return application.run(
        "--spring.main.banner-mode=off", "--spring.config.location=" + file.toUri());
  }
}
