package io.fairlead.yaml;

import static io.fairlead.yaml.YamlFile.invalid;

import io.fairlead.config.ConfigNode;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.snakeyaml.engine.v2.api.LoadSettings;
import org.snakeyaml.engine.v2.api.lowlevel.Parse;
import org.snakeyaml.engine.v2.events.AliasEvent;
import org.snakeyaml.engine.v2.events.CollectionStartEvent;
import org.snakeyaml.engine.v2.events.Event;
import org.snakeyaml.engine.v2.events.MappingStartEvent;
import org.snakeyaml.engine.v2.events.NodeEvent;
import org.snakeyaml.engine.v2.events.ScalarEvent;
import org.snakeyaml.engine.v2.exceptions.Mark;
import org.snakeyaml.engine.v2.exceptions.MarkedYamlEngineException;
import org.snakeyaml.engine.v2.exceptions.ReaderException;
import org.snakeyaml.engine.v2.exceptions.YamlEngineException;

/** Makes groups, lists and texts of the events of YAML, without anchors, aliases, tags and types. */
final class YamlParser {
  private static final int DEEPEST = 32;
  private static final Pattern CANNOT_START = Pattern.compile("found character '(.)' that cannot");

  private final String text;
  private final String name;
  private final Iterator<Event> events;

  YamlParser(String text, String name) {
    this.text = text;
    this.name = name;
    LoadSettings settings = LoadSettings.builder()
        .setLabel(name)
        .setCodePointLimit(YamlFile.LARGEST)
        .build();
    this.events = new Parse(settings).parseString(text).iterator();
  }

  /** {@return what the only document says, whose origin is the file} */
  ConfigNode.Group group() {
    try {
      next(); // the start of the stream
      Event first = next();
      if (first.getEventId() == Event.ID.StreamEnd) {
        throw invalid("It is empty: it begins with platform:", name);
      }
      Event root = next();
      if (!(root instanceof MappingStartEvent)) {
        // A mistake behind it says more.
        next();
        boolean empty = root instanceof ScalarEvent scalar && scalar.getValue().isBlank();
        throw invalid(
            empty
                ? "It is empty: it begins with platform:"
                : "It must have properties, such as platform: local",
            origin(root));
      }
      ConfigNode.Group group = group(root, name, 1);
      next(); // the end of the document
      Event after = next();
      if (after.getEventId() != Event.ID.StreamEnd) {
        throw invalid(
            "A second document begins here: there is one in a file, and further ones have their own files",
            origin(after));
      }
      return group;
    } catch (MarkedYamlEngineException e) {
      throw invalid(
          sentence(e),
          e.getProblemMark().or(e::getContextMark).map(this::origin).orElse(name));
    } catch (ReaderException e) {
      throw invalid(
          String.format("The character U+%04X is not allowed in YAML", e.getCodePoint()),
          name + ", line " + line(e.getPosition()));
    } catch (YamlEngineException e) {
      throw invalid("It is not YAML: " + e.getMessage(), name);
    }
  }

  private Event next() {
    return events.next();
  }

  private ConfigNode.Group group(Event start, String origin, int depth) {
    checkPlain(start, depth);
    Map<String, ConfigNode> members = new LinkedHashMap<>();
    Map<String, Integer> lines = new LinkedHashMap<>();
    for (Event event = next(); event.getEventId() != Event.ID.MappingEnd; event = next()) {
      if (!(event instanceof ScalarEvent key)) {
        throw invalid("A name must be a text on one line", origin(event));
      }
      checkPlain(key, depth);
      String member = key.getValue();
      if (member.equals("<<")) {
        throw invalid("<< is not read: write the properties out", origin(key));
      }
      Integer before = lines.putIfAbsent(member, line(key));
      if (before != null) {
        throw invalid(member + " is given twice: in line " + before + ", too", origin(key));
      }
      members.put(member, node(next(), key, depth));
    }
    return new ConfigNode.Group(members, origin);
  }

  /** {@return a value: a text is where it begins, and a group or list is where its name is} */
  private ConfigNode node(Event event, Event key, int depth) {
    if (event instanceof ScalarEvent scalar) {
      checkPlain(scalar, depth);
      return new ConfigNode.Text(
          scalar.getValue(), origin(scalar.getValue().isEmpty() ? key : scalar), false);
    }
    if (event instanceof MappingStartEvent) {
      return group(event, origin(key), depth + 1);
    }
    checkPlain(event, depth + 1);
    List<ConfigNode> values = new ArrayList<>();
    for (Event each = next(); each.getEventId() != Event.ID.SequenceEnd; each = next()) {
      values.add(node(each, each, depth + 1));
    }
    return new ConfigNode.Elements(values, origin(key));
  }

  private void checkPlain(Event event, int depth) {
    if (event instanceof AliasEvent) {
      throw invalid(
          "Aliases, which begin with *, are not read: write the value out", origin(event));
    }
    if (event instanceof NodeEvent node && node.getAnchor().isPresent()) {
      throw invalid(
          "Anchors, which begin with &, are not read: write the value out", origin(event));
    }
    Optional<String> tag = event instanceof ScalarEvent scalar
        ? scalar.getTag()
        : event instanceof CollectionStartEvent start ? start.getTag() : Optional.empty();
    if (tag.isPresent()) {
      throw invalid(
          "Tags, which begin with !, are not read: each value is a text already", origin(event));
    }
    if (depth > DEEPEST) {
      throw invalid("It is more than " + DEEPEST + " levels deep", origin(event));
    }
  }

  // ---- places ----

  private static int line(Event event) {
    return event.getStartMark().map(mark -> mark.getLine() + 1).orElse(1);
  }

  private String origin(Event event) {
    return event.getStartMark().map(this::origin).orElse(name);
  }

  private String origin(Mark mark) {
    return name + ", line " + (mark.getLine() + 1) + ", column " + (mark.getColumn() + 1);
  }

  private long line(int position) {
    return text.codePoints().limit(position).filter(each -> each == '\n').count() + 1;
  }

  // ---- what the parser says, in other words where they help more ----

  private static String sentence(MarkedYamlEngineException e) {
    String problem = e.getProblem() == null ? "" : e.getProblem();
    if (problem.contains("TAB")) {
      return "There is a tab where YAML allows spaces only: indent with spaces";
    }
    if (problem.contains("expected <block end>")) {
      return "The indentation does not fit: names of one group begin in the same column";
    }
    if (problem.contains("mapping values are not allowed")) {
      return "A name is not expected here: check the indentation, and put a text with a colon in quotes";
    }
    Matcher start = CANNOT_START.matcher(problem);
    if (start.find()) {
      return "A text that begins with " + start.group(1) + " must be in quotes";
    }
    String context =
        e.getContext() == null || e.getContext().isEmpty() ? "" : e.getContext() + ", ";
    return "It is not YAML: " + context + problem;
  }
}
