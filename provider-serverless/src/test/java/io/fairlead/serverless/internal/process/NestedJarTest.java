package io.fairlead.serverless.internal.process;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.zip.CRC32;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;
import java.util.zip.ZipOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class NestedJarTest {
  @TempDir
  Path folder;

  @ParameterizedTest
  @CsvSource({
    "jar:nested:/a/app.jar/!BOOT-INF/lib/x-1.jar!/, /a/app.jar, BOOT-INF/lib/x-1.jar",
    "jar:nested:/a%20b/a+p%2Bp.jar/!BOOT-INF/classes/!/, /a b/a+p+p.jar, BOOT-INF/classes/",
    "jar:file:/a/app.jar!/BOOT-INF/lib/x-1.jar!/, /a/app.jar, BOOT-INF/lib/x-1.jar",
    "jar:file:/a%20b/app.jar!/BOOT-INF/classes!/, /a b/app.jar, BOOT-INF/classes/",
    "jar:file:/a/app.war!/WEB-INF/classes/, /a/app.war, WEB-INF/classes/",
  })
  void locationsOfExecutableJarsAreUnderstood(String location, Path outer, String entry) {
    assertThat(NestedJar.of(location)).contains(new NestedJar(outer, entry));
  }

  @ParameterizedTest
  @CsvSource({
    "file:/a/x.jar",
    "jar:file:/a/x.jar!/",
    "jrt:/java.base",
    "jar:nested:/a/app.jar",
    "https://a/x.jar"
  })
  void othersAreNot(String location) {
    assertThat(NestedJar.of(location)).isEqualTo(Optional.empty());
  }

  @Test
  void aNestedJarAndItsClassesAreCopiedOnce() throws IOException {
    byte[] inner = zip("a/B.class", "b");
    Path app = folder.resolve("app.jar");
    write(app, inner);
    NestedJar.Cache cache = new NestedJar.Cache(folder.resolve("cache"));

    Path lib = cache.file(new NestedJar(app, "BOOT-INF/lib/x-1.jar"));
    Path classes = cache.file(new NestedJar(app, "BOOT-INF/classes/"));

    assertThat(lib).hasFileName("x-1.jar").hasBinaryContent(inner);
    try (ZipFile zip = new ZipFile(classes.toFile())) {
      assertThat(zip.stream().map(ZipEntry::getName)).containsExactly("acme/Main.class");
    }
    assertThat(new NestedJar.Cache(folder.resolve("cache"))
            .file(new NestedJar(app, "BOOT-INF/lib/x-1.jar")))
        .isEqualTo(lib);
  }

  @Test
  void aCopyThatWasCutOffIsMadeAgainAndOneOfAnotherApplicationIsAnother() throws IOException {
    byte[] inner = zip("a/B.class", "b");
    Path app = folder.resolve("app.jar");
    write(app, inner);
    NestedJar nested = new NestedJar(app, "BOOT-INF/lib/x-1.jar");
    Path lib = new NestedJar.Cache(folder.resolve("cache")).file(nested);
    Files.write(lib, new byte[1]);

    assertThat(new NestedJar.Cache(folder.resolve("cache")).file(nested))
        .isEqualTo(lib)
        .hasBinaryContent(inner);

    byte[] other = zip("a/B.class", "c");
    write(app, other);
    assertThat(new NestedJar.Cache(folder.resolve("cache")).file(nested))
        .isNotEqualTo(lib)
        .hasBinaryContent(other);
  }

  private static void write(Path app, byte[] inner) throws IOException {
    try (ZipOutputStream zip = new ZipOutputStream(Files.newOutputStream(app))) {
      // Not compressed, as in an executable jar.
      ZipEntry lib = new ZipEntry("BOOT-INF/lib/x-1.jar");
      CRC32 sum = new CRC32();
      sum.update(inner);
      lib.setMethod(ZipEntry.STORED);
      lib.setSize(inner.length);
      lib.setCrc(sum.getValue());
      zip.putNextEntry(lib);
      zip.write(inner);
      zip.putNextEntry(new ZipEntry("BOOT-INF/classes/acme/Main.class"));
      zip.write(1);
      zip.putNextEntry(new ZipEntry("org/Launcher.class"));
      zip.write(2);
    }
  }

  private static byte[] zip(String name, String content) throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (ZipOutputStream zip = new ZipOutputStream(bytes)) {
      zip.putNextEntry(new ZipEntry(name));
      zip.write(content.getBytes(UTF_8));
    }
    return bytes.toByteArray();
  }
}
