package io.fairlead.spring;

import io.fairlead.config.ConfigNode;
import io.fairlead.config.ConfigNode.Group;
import io.fairlead.config.ConfigNode.Text;
import java.util.ArrayList;
import java.util.List;
import org.springframework.boot.context.properties.bind.PropertySourcesPlaceholdersResolver;
import org.springframework.boot.context.properties.source.ConfigurationProperty;
import org.springframework.boot.context.properties.source.ConfigurationPropertyName;
import org.springframework.boot.context.properties.source.ConfigurationPropertyName.Form;
import org.springframework.boot.context.properties.source.ConfigurationPropertySource;
import org.springframework.boot.context.properties.source.ConfigurationPropertySources;
import org.springframework.boot.context.properties.source.IterableConfigurationPropertySource;
import org.springframework.boot.context.properties.source.UnboundElementsSourceFilter;
import org.springframework.core.env.Environment;

/** The properties of an application below {@code fairlead}, as a tree. */
final class ConfigurationTree {
  private static final ConfigurationPropertyName ROOT = ConfigurationPropertyName.of("fairlead");

  private ConfigurationTree() {}

  /** {@return the properties of all sources, of which an earlier one wins} */
  static Group of(Environment environment) {
    PropertySourcesPlaceholdersResolver placeholders =
        new PropertySourcesPlaceholdersResolver(environment);
    UnboundElementsSourceFilter isOfAFile = new UnboundElementsSourceFilter();
    Group all = Group.EMPTY;
    for (ConfigurationPropertySource source : ConfigurationPropertySources.get(environment)) {
      if (source instanceof IterableConfigurationPropertySource names) {
        // Of the environment variables and of -D nobody knows which are meant for this library.
        all = all.orElse(tree(names, !isOfAFile.apply(source), placeholders));
      }
    }
    return all;
  }

  private static Group tree(
      IterableConfigurationPropertySource source,
      boolean ambient,
      PropertySourcesPlaceholdersResolver placeholders) {
    ConfigNode.Builder tree = new ConfigNode.Builder();
    source.stream().filter(ROOT::isAncestorOf).forEach(name -> {
      ConfigurationProperty property = source.getConfigurationProperty(name);
      if (property != null) {
        Object value = placeholders.resolvePlaceholders(property.getValue());
        String origin = property.getOrigin() == null ? "" : property.getOrigin().toString();
        tree.put(path(name), new Text(String.valueOf(value), origin, ambient));
      }
    });
    return tree.build();
  }

  private static List<String> path(ConfigurationPropertyName name) {
    List<String> path = new ArrayList<>();
    for (int i = 1; i < name.getNumberOfElements(); i++) {
      String element = name.getElement(i, Form.ORIGINAL);
      path.add(name.isNumericIndex(i) ? "[" + element + "]" : element);
    }
    return path;
  }
}
