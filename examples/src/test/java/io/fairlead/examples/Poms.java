package io.fairlead.examples;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.StringReader;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import javax.xml.parsers.DocumentBuilderFactory;
import javax.xml.parsers.ParserConfigurationException;
import org.w3c.dom.Document;
import org.w3c.dom.Element;
import org.w3c.dom.Node;
import org.w3c.dom.NodeList;
import org.xml.sax.InputSource;
import org.xml.sax.SAXException;

/** The coordinates of what the build resolves, from all of its pom.xml files. */
final class Poms {
  private static final Set<String> RESOLVED =
      Set.of("dependency", "plugin", "extension", "path", "parent");
  private static final Path ROOT_POM = Pages.ROOT.resolve("pom.xml");

  private final List<String> texts = Pages.files("xml").stream()
      .filter(file -> file.endsWith("pom.xml"))
      .map(Pages::read)
      .toList();
  private final Set<String> known = new TreeSet<>();

  Poms() {
    texts.forEach(text -> {
      known.addAll(coordinates(text));
      Element project = parsed(text).getDocumentElement();
      known.add("io.fairlead:" + child(project, "artifactId") + ":" + version());
    });
  }

  List<String> all() {
    return texts;
  }

  /** {@return the coordinates of all that the build resolves} */
  List<String> known() {
    return List.copyOf(known);
  }

  /** Asserts that the build resolves each of {@code group:artifact} and {@code group:artifact:version}. */
  void haveAll(Set<String> coordinates) {
    assertThat(coordinates)
        .isNotEmpty()
        .allSatisfy(one -> assertThat(known)
            .anyMatch(each -> each.equals(one)
                || (one.indexOf(':') == one.lastIndexOf(':') && each.startsWith(one + ":"))));
  }

  /** {@return what a piece of a pom asks for, with the versions that it states} */
  static Set<String> coordinates(String xml) {
    return coordinates(xml, RESOLVED);
  }

  /** {@return what a piece of a pom has on its class path, or imports} */
  static Set<String> dependencies(String xml) {
    return coordinates(xml, Set.of("dependency"));
  }

  private static Set<String> coordinates(String xml, Set<String> kinds) {
    Set<String> found = new TreeSet<>();
    Document document = parsed(xml);
    Map<String, String> properties = properties(document);
    NodeList all = document.getElementsByTagName("*");
    for (int i = 0; i < all.getLength(); i++) {
      Element element = (Element) all.item(i);
      if (kinds.contains(element.getTagName()) && !child(element, "artifactId").isEmpty()) {
        String group = child(element, "groupId");
        String version = resolved(child(element, "version"), properties);
        found.add((group.isEmpty() ? "org.apache.maven.plugins" : resolved(group, properties)) + ":"
            + child(element, "artifactId") + (version.isEmpty() ? "" : ":" + version));
      }
    }
    return found;
  }

  static String version() {
    return child(parsed(Pages.read(ROOT_POM)).getDocumentElement(), "version");
  }

  private static String resolved(String text, Map<String, String> properties) {
    Matcher used = Pattern.compile("\\$\\{([^}]+)}").matcher(text);
    return used.replaceAll(
        one -> Matcher.quoteReplacement(properties.getOrDefault(one.group(1), one.group())));
  }

  private static Map<String, String> properties(Document document) {
    Map<String, String> all = new HashMap<>();
    for (Document each : List.of(parsed(Pages.read(ROOT_POM)), document)) {
      NodeList groups = each.getElementsByTagName("properties");
      for (int i = 0; i < groups.getLength(); i++) {
        children((Element) groups.item(i))
            .forEach(one -> all.put(one.getTagName(), one.getTextContent().strip()));
      }
    }
    all.put("project.version", version());
    all.putIfAbsent("fairlead.version", version());
    return all;
  }

  private static String child(Element parent, String name) {
    return children(parent)
        .filter(one -> one.getTagName().equals(name))
        .findFirst()
        .map(one -> one.getTextContent().strip())
        .orElse("");
  }

  private static Stream<Element> children(Element parent) {
    List<Element> all = new ArrayList<>();
    for (Node node = parent.getFirstChild(); node != null; node = node.getNextSibling()) {
      if (node instanceof Element element) {
        all.add(element);
      }
    }
    return all.stream();
  }

  private static Document parsed(String xml) {
    String whole = xml.contains("<project") ? xml : "<project>" + xml + "</project>";
    try {
      return DocumentBuilderFactory.newInstance()
          .newDocumentBuilder()
          .parse(new InputSource(new StringReader(whole)));
    } catch (IOException | SAXException | ParserConfigurationException e) {
      throw new IllegalArgumentException(e.getMessage() + " in:\n" + xml, e);
    }
  }
}
