package io.fairlead.examples;

import io.fairlead.platform.Capabilities;
import io.fairlead.platform.Capabilities.Level;
import io.fairlead.platform.Capability;
import io.fairlead.platform.Platforms;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;

/** The page of what each platform can do, written from what its provider says. */
final class CapabilityPage {
  static final String COMMAND =
      "./mvnw -B -Dtest=CapabilityPageTest -Dsurefire.failIfNoSpecifiedTests=false"
          + " -Dfairlead.write=true -pl examples -am test";

  private static final String INTRODUCTION = """
      # What each platform can do

      This page is written from what the providers say of themselves, which `Platforms.capabilities(id)` returns without opening
      the platform. A test of the build fails when the page is stale; this writes it again:

      ```
      %s
      ```

      What a provider says is tested by the contract of its platform's type. Of endpoint platforms each is: what is claimed is
      there and can be read back, and what is not is refused, or named by the warnings of a preview. Of function platforms
      streaming and scaling to zero are. "partly" has a condition, which is [below](#conditions-and-reasons); "–" means that
      the type of the platform has no value or operation for it, so that it does not compile.""".formatted(COMMAND);

  private static final List<String> PLATFORMS =
      List.of("local", "serverless", "stateful", "sagemaker", "vertex", "azureml");

  private final Map<String, Capabilities> platforms = new TreeMap<>();

  CapabilityPage() {
    PLATFORMS.forEach(id -> platforms.put(id, Platforms.capabilities(id)));
  }

  static List<String> platforms() {
    return PLATFORMS;
  }

  Capabilities of(String id) {
    return platforms.get(id);
  }

  String text() {
    List<String> lines = new ArrayList<>(INTRODUCTION.lines().toList());
    lines.add("");
    lines.add("## Operations");
    lines.add("");
    table(true, lines);
    lines.add("");
    lines.add("## Other capabilities");
    lines.add("");
    table(false, lines);
    lines.add("");
    lines.add("## Conditions and reasons");
    lines.add("");
    lines.add("| capability | platform | |");
    lines.add("|---|---|---|");
    for (Capability capability : Capability.values()) {
      PLATFORMS.stream()
          .filter(id -> !of(id).support(capability).note().isEmpty())
          .map(id -> "| `" + capability + "` | `" + id + "` | " + of(id).support(capability) + " |")
          .forEach(lines::add);
    }
    return String.join("\n", lines) + "\n";
  }

  private void table(boolean operations, List<String> lines) {
    lines.add(PLATFORMS.stream()
        .map(id -> "`" + id + "`")
        .collect(Collectors.joining(" | ", "| a platform with it ... | `Capability` | ", " |")));
    lines.add("|---".repeat(PLATFORMS.size() + 2) + "|");
    for (Capability capability : Capability.values()) {
      if (capability.isOperation() == operations) {
        lines.add(PLATFORMS.stream()
            .map(id -> cell(of(id).support(capability).level()))
            .collect(Collectors.joining(
                " | ", "| " + capability.meaning() + " | `" + capability + "` | ", " |")));
      }
    }
  }

  private static String cell(Level level) {
    return switch (level) {
      case YES -> "yes";
      case PARTLY -> "partly";
      case NO -> "no";
      case ABSENT -> "–";
    };
  }
}
