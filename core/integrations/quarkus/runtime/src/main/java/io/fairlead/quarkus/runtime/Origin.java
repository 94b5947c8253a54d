package io.fairlead.quarkus.runtime;

import io.smallrye.config.ConfigValue;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.net.URL;
import java.nio.charset.StandardCharsets;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.yaml.snakeyaml.LoaderOptions;
import org.yaml.snakeyaml.Yaml;
import org.yaml.snakeyaml.error.YAMLException;
import org.yaml.snakeyaml.nodes.MappingNode;
import org.yaml.snakeyaml.nodes.Node;
import org.yaml.snakeyaml.nodes.NodeTuple;
import org.yaml.snakeyaml.nodes.ScalarNode;

/** Where a property is from: the file, and the line. */
final class Origin {
  private static final Pattern FILE = Pattern.compile("(\\w+)\\[source=(.*/([^/]+))]");

  private Origin() {}

  /** {@return the place of a property, such as {@code application.properties:7}; empty if it is in no file} */
  static String of(ConfigValue value, String name) {
    Matcher file = FILE.matcher(String.valueOf(value.getConfigSourceName()));
    if (!file.matches()) {
      return "";
    }
    int line = value.getLineNumber();
    if (line < 1 && file.group(1).startsWith("Yaml")) {
      line = InYaml.line(file.group(2), String.valueOf(value.getNameProfiled()));
    }
    return file.group(3) + (line < 1 ? "" : ":" + line);
  }

  /** The lines of YAML files, which SmallRye does not know; only there is its parser on the class path. */
  private static final class InYaml {
    /** {@return the line of a property; 0 if it cannot be found} */
    static int line(String url, String name) {
      try (InputStream file = new URL(url).openStream()) {
        Node root = new Yaml(new LoaderOptions())
            .compose(new InputStreamReader(file, StandardCharsets.UTF_8));
        return root == null ? 0 : line(root, name);
      } catch (IOException | YAMLException e) {
        return 0;
      }
    }

    private static int line(Node node, String name) {
      if (node instanceof MappingNode mapping) {
        for (NodeTuple member : mapping.getValue()) {
          String key = ((ScalarNode) member.getKeyNode()).getValue();
          for (String written : new String[] {key, '"' + key + '"'}) {
            if (name.equals(written) || name.startsWith(written + "[")) {
              return member.getKeyNode().getStartMark().getLine() + 1;
            }
            if (name.startsWith(written + ".")) {
              int line = line(member.getValueNode(), name.substring(written.length() + 1));
              if (line > 0) {
                return line;
              }
            }
          }
        }
      }
      return 0;
    }
  }
}
