package io.fairlead.contract;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.fairlead.grammar.ArtifactOptions;
import io.fairlead.grammar.Dependencies;
import io.fairlead.grammar.DependencyOptions;
import io.fairlead.grammar.InvalidValueException;
import io.fairlead.grammar.ModelMetadata;
import io.fairlead.grammar.Options;
import io.fairlead.grammar.PlatformOptions;
import io.fairlead.grammar.Problem;
import io.fairlead.grammar.Routing;
import io.fairlead.grammar.RoutingOptions;
import io.fairlead.grammar.RuntimeOptions;
import io.fairlead.grammar.RuntimeSpec;
import io.fairlead.grammar.Scaling;
import io.fairlead.grammar.ScalingOptions;
import io.fairlead.json.GrammarJson;
import io.fairlead.spi.OptionsProvider;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/**
 * What every {@link OptionsProvider} keeps: each of its types belongs to a part of the grammar, and is refused in every
 * other.
 */
public abstract class OptionsContract {
  private static final Map<Class<? extends PlatformOptions>, Class<? extends Record>> PARTS =
      Map.of(
          ArtifactOptions.class, ModelMetadata.class,
          RuntimeOptions.class, RuntimeSpec.class,
          DependencyOptions.class, Dependencies.class,
          ScalingOptions.class, Scaling.class,
          RoutingOptions.class, Routing.class);

  private final OptionsProvider provider;

  protected OptionsContract(OptionsProvider provider) {
    this.provider = provider;
  }

  @Test
  void eachTypeBelongsToAPartThatHasJson() {
    assertThat(provider.types())
        .isNotEmpty()
        .allSatisfy(
            type -> assertThat(PARTS.keySet()).anyMatch(part -> part.isAssignableFrom(type)));
  }

  @TestFactory
  List<DynamicTest> anOptionInAnotherPartThanItsOwnIsRefusedWithTheOneThatItBelongsTo() {
    List<DynamicTest> tests = new ArrayList<>();
    provider
        .types()
        .forEach(type -> PARTS.forEach((options, part) -> {
          String what = type.getSimpleName() + " in " + part.getSimpleName();
          tests.add(DynamicTest.dynamicTest(what, () -> check(type, options, part)));
        }));
    return tests;
  }

  private void check(
      Class<? extends PlatformOptions> type,
      Class<? extends PlatformOptions> options,
      Class<? extends Record> part) {
    String name = provider.platform() + "." + type.getSimpleName();
    Problem refused = new Problem(
        "options." + name,
        "is not an option of " + part.getSimpleName() + ": it belongs to " + Options.partOf(type),
        "");

    InvalidValueException exception = catchThrowableOfType(
        InvalidValueException.class,
        () -> GrammarJson.read("{\"options\":{\"" + name + "\":0}}", part));

    if (options.isAssignableFrom(type)) {
      assertThat(exception.problems()).doesNotContain(refused);
    } else {
      assertThat(exception.problems()).contains(refused);
    }
  }
}
