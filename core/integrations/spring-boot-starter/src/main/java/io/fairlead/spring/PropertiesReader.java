package io.fairlead.spring;

import io.fairlead.spring.FairleadProperties.PlatformProperties;
import java.lang.reflect.ParameterizedType;
import java.lang.reflect.RecordComponent;
import java.lang.reflect.Type;
import java.time.Duration;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.context.properties.bind.BindContext;
import org.springframework.boot.context.properties.bind.BindHandler;
import org.springframework.boot.context.properties.bind.Bindable;
import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.boot.context.properties.source.ConfigurationProperty;
import org.springframework.boot.context.properties.source.ConfigurationPropertyName;
import org.springframework.boot.context.properties.source.ConfigurationPropertyName.Form;
import org.springframework.boot.context.properties.source.ConfigurationPropertySource;
import org.springframework.boot.context.properties.source.ConfigurationPropertySources;
import org.springframework.boot.context.properties.source.IterableConfigurationPropertySource;
import org.springframework.boot.context.properties.source.UnboundElementsSourceFilter;
import org.springframework.core.env.Environment;
import org.springframework.util.unit.DataSize;

/**
 * Reads the properties of an application, and notes each value that cannot be read and each name that there is not.
 *
 * <p>Spring Boot's own binding ends at the first mistake, and ignores unknown names.
 */
final class PropertiesReader {
  private static final ConfigurationPropertyName ROOT = ConfigurationPropertyName.of("fairlead");

  private PropertiesReader() {}

  /** {@return the properties; where a value cannot be read, none} */
  static FairleadProperties read(Environment environment, PropertyProblems problems) {
    checkNames(environment, problems);
    return Binder.get(environment)
        .bindOrCreate("fairlead", Bindable.of(FairleadProperties.class), new Noting(problems));
  }

  private static void checkNames(Environment environment, PropertyProblems problems) {
    // Of the environment variables and of -D nobody knows which are meant for this library.
    UnboundElementsSourceFilter isOfAFile = new UnboundElementsSourceFilter();
    Set<ConfigurationPropertyName> seen = new HashSet<>();
    for (ConfigurationPropertySource source : ConfigurationPropertySources.get(environment)) {
      if (source instanceof IterableConfigurationPropertySource names && isOfAFile.apply(source)) {
        names.stream()
            .filter(name -> ROOT.isAncestorOf(name) && seen.add(name))
            .forEach(name -> checkName(name, problems));
      }
    }
  }

  private static void checkName(ConfigurationPropertyName name, PropertyProblems problems) {
    Type type = FairleadProperties.class;
    for (int i = 1; i < name.getNumberOfElements(); i++) {
      if (type instanceof ParameterizedType map) {
        type = map.getActualTypeArguments()[1];
        if (type == String.class) {
          return;
        }
      } else if (type instanceof Class<?> record && record.isRecord()) {
        String element = name.getElement(i, Form.UNIFORM);
        RecordComponent component = component(record, element);
        if (component == null) {
          List<String> right = Arrays.stream(record.getRecordComponents())
              .map(each -> hyphenated(each.getName()))
              .toList();
          problems.add(
              name.chop(i + 1).toString(),
              "is not a property" + Nearest.orAll(name.getElement(i, Form.ORIGINAL), right),
              name.toString(),
              "");
          return;
        }
        type = component.getGenericType();
      } else {
        problems.add(name.toString(), "is not a property: nothing is below " + name.getParent());
        return;
      }
    }
  }

  private static @Nullable RecordComponent component(Class<?> record, String uniform) {
    for (RecordComponent component : record.getRecordComponents()) {
      if (component.getName().toLowerCase(Locale.ROOT).equals(uniform)) {
        return component;
      }
    }
    return null;
  }

  /** {@return a name of Java as it is written in configuration files} */
  static String hyphenated(String name) {
    return name.replaceAll("([A-Z])", "-$1").toLowerCase(Locale.ROOT);
  }

  /** Notes what cannot be read and goes on without it. */
  private record Noting(PropertyProblems problems) implements BindHandler {
    @Override
    @SuppressWarnings("NullAway") // Spring Boot takes null for no value.
    public Object onFailure(
        ConfigurationPropertyName name, Bindable<?> target, BindContext context, Exception error) {
      ConfigurationProperty given = context.getConfigurationProperty();
      Class<?> type = target.getType().resolve(Object.class);
      Object value = given == null ? "" : given.getValue();
      if (type == PlatformProperties.class && value.toString().isBlank()) {
        return PlatformProperties.DEFAULT;
      }
      problems.add(name.toString(), rule(type), value);
      return null;
    }

    private static String rule(Class<?> type) {
      if (type == Duration.class) {
        return "must be a duration, such as 500ms, 30s, 10m or 2h";
      } else if (type == DataSize.class) {
        return "must be a size, such as 512MB or 2GB";
      } else if (type == Integer.class) {
        return "must be a whole number";
      } else if (type == boolean.class || type == Boolean.class) {
        return "must be true or false";
      } else if (type.isEnum()) {
        return "must be one of "
            + String.join(
                ", ",
                Arrays.stream(type.getEnumConstants())
                    .map(each -> each.toString().toLowerCase(Locale.ROOT))
                    .toList());
      } else if (type.isRecord() || type == Map.class) {
        return "must have properties below it, and no value of its own";
      }
      return "cannot be read";
    }
  }
}
