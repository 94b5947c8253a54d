package io.fairlead.spring;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.fairlead.config.ConfigSchema;
import io.fairlead.config.InvalidConfigurationException;
import io.fairlead.config.Property;
import io.fairlead.grammar.Served;
import io.fairlead.platform.Platforms;
import io.fairlead.spring.FairleadProperties.PlatformProperties;
import java.io.IOException;
import java.io.InputStream;
import java.lang.reflect.ParameterizedType;
import java.lang.reflect.RecordComponent;
import java.lang.reflect.Type;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class MetadataTest {
  private static final Path PAGE = Path.of("../../../docs/spring.md");

  @Test
  void eachPropertyIsInTheMetadataWithADescription() throws IOException {
    Map<String, JsonNode> metadata = new TreeMap<>();
    try (InputStream file =
        getClass().getResourceAsStream("/META-INF/spring-configuration-metadata.json")) {
      new ObjectMapper()
          .readTree(file)
          .get("properties")
          .forEach(each -> metadata.put(each.get("name").asText(), each));
    }

    // IDEs complete what is below a map from the type of its values.
    List<String> expected = properties("fairlead", FairleadProperties.class, false);
    assertThat(metadata.keySet()).containsExactlyInAnyOrderElementsOf(expected);
    assertThat(metadata.values()).allSatisfy(each -> {
      assertThat(each.path("description").asText()).endsWith(".");
      assertThat(each.get("type").asText()).doesNotContain("@");
    });
    assertThat(metadata.get("fairlead.platforms").get("type").asText())
        .contains(PlatformProperties.class.getName());
  }

  @Test
  void theIdsOfThePlatformsAreProposedAsTheirNames() throws IOException {
    JsonNode hint;
    try (InputStream file =
        getClass().getResourceAsStream("/META-INF/spring-configuration-metadata.json")) {
      hint = new ObjectMapper().readTree(file).at("/hints/0");
    }

    assertThat(hint.get("name").asText()).isEqualTo("fairlead.platforms.keys");
    assertThat(hint.get("values").findValuesAsText("value"))
        .containsAll(Platforms.types().keySet())
        // For each that is proposed, the module that has it is known.
        .allSatisfy(id -> assertThat(Platforms.missing(id)).doesNotContain("this project's are"));
  }

  @Test
  void thePageHasARowForEachPropertyAndForNoOther() throws IOException {
    String page = Files.readString(PAGE);
    List<String> rows = page.substring(page.indexOf("## Properties"))
        .lines()
        .filter(line -> line.startsWith("| `fairlead."))
        .map(line -> line.substring(3, line.indexOf('`', 3)))
        .toList();

    assertThat(rows)
        .containsExactlyInAnyOrderElementsOf(
            properties("fairlead", FairleadProperties.class, true));
  }

  @Test
  void theConfigurationsOfThePageHaveNoMistake() throws IOException {
    List<String> files = new ArrayList<>();
    for (String part : Files.readString(PAGE).split("```yaml\n", -1)) {
      if (part.startsWith("fairlead:")) {
        files.add(part.substring(0, part.indexOf("```")));
      }
    }
    assertThat(files).hasSizeGreaterThan(2);

    for (String file : files) {
      // All that this class path may lack is a provider.
      Applications.yaml(file).run(context -> {
        if (context.getStartupFailure() == null) {
          assertThat(context.getBeansOfType(Served.class)).isNotEmpty();
        } else {
          assertThat(context.getStartupFailure())
              .isInstanceOfSatisfying(
                  InvalidConfigurationException.class,
                  e -> assertThat(e.problems())
                      .singleElement()
                      .satisfies(problem ->
                          assertThat(problem.rule()).contains("fairlead-provider-sagemaker")));
        }
      });
    }
  }

  @Test
  void thePropertiesAreThoseThatAreRead() {
    assertThat(names(FairleadProperties.PlatformProperties.class))
        .isEqualTo(names(ConfigSchema.PLATFORMS));
    assertThat(names(FairleadProperties.EndpointProperties.class))
        .isEqualTo(names(ConfigSchema.ENDPOINTS));
    assertThat(names(FairleadProperties.FunctionProperties.class))
        .isEqualTo(names(ConfigSchema.FUNCTIONS));
    assertThat(names(FairleadProperties.StartProperties.class))
        .isEqualTo(names(ConfigSchema.START));
    assertThat(names(FairleadProperties.HealthProperties.class))
        .isEqualTo(names(ConfigSchema.HEALTH));
    assertThat(names(FairleadProperties.ObservationsProperties.class))
        .isEqualTo(names(ConfigSchema.OBSERVATIONS));
    assertThat(names(FairleadProperties.ProblemDetailsProperties.class))
        .isEqualTo(names(ConfigSchema.PROBLEM_DETAILS));
  }

  private static Set<String> names(Class<?> record) {
    return Stream.of(record.getRecordComponents())
        .map(component -> hyphenated(component.getName()))
        .collect(Collectors.toCollection(TreeSet::new));
  }

  private static Set<String> names(List<Property> properties) {
    return properties.stream().map(Property::name).collect(Collectors.toCollection(TreeSet::new));
  }

  private static String hyphenated(String name) {
    return name.replaceAll("([A-Z])", "-$1").toLowerCase(Locale.ROOT);
  }

  private static List<String> properties(String under, Class<?> record, boolean belowMaps) {
    List<String> names = new ArrayList<>();
    for (RecordComponent component : record.getRecordComponents()) {
      String name = under + "." + hyphenated(component.getName());
      Type type = component.getGenericType();
      if (type instanceof Class<?> group && group.isRecord()) {
        names.addAll(properties(name, group, belowMaps));
      } else if (type instanceof ParameterizedType map
          && belowMaps
          && map.getRawType() == Map.class
          && map.getActualTypeArguments()[1] instanceof Class<?> value
          && value.isRecord()) {
        names.addAll(properties(name + ".NAME", value, true));
      } else {
        names.add(name);
      }
    }
    return names;
  }
}
