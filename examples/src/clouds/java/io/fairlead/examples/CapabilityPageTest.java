package io.fairlead.examples;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.fairlead.platform.Capabilities;
import io.fairlead.platform.Capability;
import io.fairlead.platform.Platforms;
import java.io.File;
import java.io.IOException;
import java.lang.reflect.Method;
import java.net.MalformedURLException;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** That docs/capabilities.md and the table of README.md are what the providers say. */
class CapabilityPageTest {
  private static final Path ROOT = Path.of("..").toAbsolutePath().normalize();
  private static final Path PAGE = ROOT.resolve("docs/capabilities.md");
  private static final Pattern OF_VENDORS = Pattern.compile(
      ".*/(com/azure|io/projectreactor|software/amazon|com/google/(api|auth|cloud)|io/grpc|io/netty"
          + "|com/microsoft)/.*\\.jar");
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
  void itIsKnownWithoutTheLibrariesOfTheVendors() throws Exception {
    ClassLoader before = Thread.currentThread().getContextClassLoader();
    URL[] rest = Stream.of(System.getProperty("java.class.path").split(File.pathSeparator))
        .filter(entry -> !OF_VENDORS.matcher(entry.replace('\\', '/')).matches())
        .map(entry -> url(Path.of(entry)))
        .toArray(URL[]::new);
    try (URLClassLoader loader = new URLClassLoader(rest, ClassLoader.getPlatformClassLoader())) {
      Thread.currentThread().setContextClassLoader(loader);
      Method capabilities =
          loader.loadClass(Platforms.class.getName()).getMethod("capabilities", String.class);

      for (String id : CapabilityPage.platforms()) {
        assertThat(capabilities.invoke(null, id)).hasToString(page.of(id).toString());
      }
      for (String gone : List.of(
          "software.amazon.awssdk.regions.Region",
          "com.google.auth.Credentials",
          "com.azure.core.credential.TokenCredential")) {
        assertThatThrownBy(() -> loader.loadClass(gone)).isInstanceOf(ClassNotFoundException.class);
      }
    } finally {
      Thread.currentThread().setContextClassLoader(before);
    }
  }

  private static URL url(Path path) {
    try {
      return path.toUri().toURL();
    } catch (MalformedURLException e) {
      throw new IllegalArgumentException(path.toString(), e);
    }
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
