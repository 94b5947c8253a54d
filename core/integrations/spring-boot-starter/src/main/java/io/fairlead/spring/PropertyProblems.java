package io.fairlead.spring;

import io.fairlead.grammar.InvalidValueException;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.context.properties.source.ConfigurationProperty;
import org.springframework.boot.context.properties.source.ConfigurationPropertyName;
import org.springframework.boot.context.properties.source.ConfigurationPropertySource;
import org.springframework.boot.context.properties.source.ConfigurationPropertySources;
import org.springframework.core.env.Environment;

/** A collector of the mistakes in the configuration of an application, which reports them together. */
final class PropertyProblems {
  private final Environment environment;
  private final Set<PropertyProblem> found = new LinkedHashSet<>();

  PropertyProblems(Environment environment) {
    this.environment = environment;
  }

  /** Notes a mistake whose value is not shown. */
  void add(String property, String rule) {
    add(property, rule, property, "");
  }

  /**
   * Notes a mistake.
   *
   * @param given the property as it is given, of which {@code property} may be the beginning
   * @param value the value; empty if it is not shown
   */
  void add(String property, String rule, String given, String value) {
    found.add(new PropertyProblem(property, rule, value, origin(given)));
  }

  /** Notes a mistake. */
  void add(String property, String rule, Object value) {
    String shown = value instanceof CharSequence ? "\"" + value + '"' : String.valueOf(value);
    found.add(new PropertyProblem(property, rule, shown, origin(property)));
  }

  /**
   * Notes the problems of a value that was made from properties.
   *
   * @param property the property that a field of the value comes from
   */
  void add(InvalidValueException invalid, UnaryOperator<String> property) {
    invalid.problems().forEach(problem -> {
      String name = property.apply(problem.field());
      found.add(new PropertyProblem(name, problem.rule(), problem.value(), origin(name)));
    });
  }

  boolean any() {
    return !found.isEmpty();
  }

  /** Ends the check. */
  void throwIfAny() {
    if (any()) {
      throw new InvalidPropertiesException(List.copyOf(found));
    }
  }

  private String origin(String property) {
    ConfigurationPropertyName name = ConfigurationPropertyName.isValid(property)
        ? ConfigurationPropertyName.of(property)
        : ConfigurationPropertyName.adapt(property, '.');
    for (ConfigurationPropertySource source : ConfigurationPropertySources.get(environment)) {
      ConfigurationProperty given = given(source, name);
      if (given != null && given.getOrigin() != null) {
        return given.getOrigin().toString();
      }
    }
    return "";
  }

  private static @Nullable ConfigurationProperty given(
      ConfigurationPropertySource source, ConfigurationPropertyName name) {
    return source.getConfigurationProperty(name);
  }
}
