package io.fairlead.examples;

import static org.assertj.core.api.Assertions.assertThat;

import io.fairlead.platform.Capabilities;
import io.fairlead.platform.Capability;
import io.fairlead.platform.Platforms;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

/** That docs/capabilities.md and the table of README.md are what the providers say. */
class CapabilityPageTest {
  private static final Path ROOT = Path.of("..").toAbsolutePath().normalize();
  private static final Path PAGE = ROOT.resolve("docs/capabilities.md");
  private static final String ELSEWHERE = "elsewhere";

  private final CapabilityPage page = new CapabilityPage();

  @Test
  void thePageIsNotStale() throws IOException {
    if (Boolean.getBoolean("fairlead.write")) {
      Files.writeString(PAGE, page.text());
    }

    assertThat(Files.readString(PAGE))
        .as("docs/capabilities.md is stale: write it again by %s", CapabilityPage.COMMAND)
        .isEqualTo(page.text());
  }

  @Test
  void itHasEveryPlatformOfTheClassPath() {
    Set<String> all = new TreeSet<>(Platforms.types().keySet());
    // Of the tests of these examples.
    all.remove(ELSEWHERE);

    assertThat(CapabilityPage.platforms()).containsExactlyInAnyOrderElementsOf(all);
  }

  @Test
  void theTableOfTheReadmeSaysTheSame() throws IOException {
    Map<String, List<String>> rows = new TreeMap<>();
    List<String> header = new ArrayList<>();
    for (String line : Files.readAllLines(ROOT.resolve("README.md"))) {
      List<String> cells = Arrays.stream(line.split("\\|")).map(String::strip).toList();
      if (line.startsWith("| platform | id |")) {
        header.addAll(cells);
      } else if (!header.isEmpty()
          && cells.size() == header.size()
          && cells.get(2).startsWith("`")) {
        rows.put(cells.get(2).replace("`", ""), cells);
      }
    }
    assertThat(rows.keySet()).containsExactlyInAnyOrderElementsOf(CapabilityPage.platforms());
    Map<String, Capability> columns = Map.of(
        "package", Capability.PACKAGE,
        "scale", Capability.SCALE,
        "route", Capability.ROUTE,
        "preview, inventory, sweep", Capability.PREVIEW);

    rows.forEach((id, cells) -> columns.forEach((column, capability) -> {
      Capabilities says = page.of(id);
      String cell = cells.get(header.indexOf(column));
      assertThat(cell.startsWith("yes"))
          .as("%s of %s in the README is '%s'", column, id, cell)
          .isEqualTo(says.has(capability));
      if (cell.equals("automatic")) {
        assertThat(says.has(Capability.AUTOSCALING)).isTrue();
      }
    }));
  }
}
