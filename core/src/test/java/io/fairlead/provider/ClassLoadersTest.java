package io.fairlead.provider;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.InputStream;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collections;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ClassLoadersTest {
  private static final Class<?> LIBRARY = ClassLoadersTest.class;
  private static final ClassLoader OWN = LIBRARY.getClassLoader();

  private final ClassLoader before = Thread.currentThread().getContextClassLoader();

  @TempDir
  private Path temp;

  @AfterEach
  void restore() {
    Thread.currentThread().setContextClassLoader(before);
  }

  private static ClassLoader with(ClassLoader context) {
    Thread.currentThread().setContextClassLoader(context);
    return ClassLoaders.ofThread(LIBRARY);
  }

  @Test
  void withoutAContextClassLoaderItIsTheLibrarysOwn() {
    assertThat(with(null)).isSameAs(OWN);
  }

  @Test
  void aContextClassLoaderAboveWhichTheLibraryIsSeesBoth() throws Exception {
    try (URLClassLoader application = new URLClassLoader(new URL[0], OWN)) {
      assertThat(with(application)).isSameAs(application);
      assertThat(with(OWN)).isSameAs(OWN);
    }
  }

  /** As on threads of the common pool, when the library is in an executable jar. */
  @Test
  void aContextClassLoaderThatDoesNotSeeTheLibraryComesFirst() throws Exception {
    Files.writeString(temp.resolve("only-here.txt"), "application");
    Files.createDirectories(temp.resolve("META-INF"));
    Files.writeString(temp.resolve("META-INF/MANIFEST.MF"), "application");
    URL[] urls = {temp.toUri().toURL()};
    try (URLClassLoader context = new URLClassLoader(urls, ClassLoader.getPlatformClassLoader())) {
      ClassLoader joined = with(context);

      assertThat(joined.loadClass(LIBRARY.getName())).isSameAs(LIBRARY);
      assertThat(text(joined, "only-here.txt")).isEqualTo("application");
      assertThat(text(joined, "META-INF/MANIFEST.MF")).isEqualTo("application");
      assertThat(Collections.list(joined.getResources("META-INF/MANIFEST.MF")))
          .hasSizeGreaterThan(1);
      assertThat(joined.getResource(resource())).isNotNull();
      assertThat(joined.getResource("nowhere.txt")).isNull();
      assertThat(joined.toString()).contains(context.toString(), OWN.toString());
    }
  }

  /** As in a servlet container, when the library is shared and in the application too. */
  @Test
  void aContextClassLoaderWithAnotherCopyOfTheLibraryIsPassedOver() {
    ClassLoader other = new ClassLoader(OWN) {
      @Override
      protected Class<?> loadClass(String name, boolean resolve) throws ClassNotFoundException {
        if (!name.equals(LIBRARY.getName())) {
          return super.loadClass(name, resolve);
        }
        try (InputStream in = OWN.getResourceAsStream(resource())) {
          byte[] bytes = in.readAllBytes();
          return defineClass(name, bytes, 0, bytes.length);
        } catch (IOException e) {
          throw new ClassNotFoundException(name, e);
        }
      }
    };

    assertThat(with(other)).isSameAs(OWN);
  }

  private static String resource() {
    return LIBRARY.getName().replace('.', '/') + ".class";
  }

  private static String text(ClassLoader loader, String name) throws IOException {
    try (InputStream in = loader.getResource(name).openStream()) {
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    }
  }
}
