package io.fairlead.provider;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.ServiceConfigurationError;
import java.util.ServiceLoader;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(60)
class ServicesTest {
  @TempDir
  private Path temp;

  /** What the tests load. */
  public interface Greeting {
    String word();
  }

  /** One that works. */
  public static final class Hello implements Greeting {
    @Override
    public String word() {
      return "hello";
    }
  }

  /** Another that works. */
  public static final class Ahoy implements Greeting {
    @Override
    public String word() {
      return "ahoy";
    }
  }

  /** One that cannot be made. */
  public static final class Broken implements Greeting {
    public Broken() {
      throw new IllegalStateException("no library");
    }

    @Override
    public String word() {
      return "never";
    }
  }

  private Services<Greeting> load(List<String> names) throws Exception {
    Path file = temp.resolve("META-INF/services/" + Greeting.class.getName());
    Files.createDirectories(file.getParent());
    Files.write(file, names);
    URL[] urls = {temp.toUri().toURL()};
    try (URLClassLoader loader = new URLClassLoader(urls, ServicesTest.class.getClassLoader())) {
      return Services.of(ServiceLoader.load(Greeting.class, loader));
    }
  }

  @Test
  void aBrokenServiceDoesNotHideTheOthers() throws Exception {
    Services<Greeting> services = load(
        List.of(Hello.class.getName(), Broken.class.getName(), "acme.Gone", Ahoy.class.getName()));

    assertThat(services.found()).extracting(Greeting::word).containsExactly("hello", "ahoy");
    assertThat(services.failures())
        .hasSize(2)
        .allSatisfy(e -> assertThat(e).isInstanceOf(ServiceConfigurationError.class));
    assertThat(services.failuresShown()).contains("Broken", "; ", "acme.Gone");
  }

  @Test
  void aServiceThatIsListedTwiceIsMadeOnce() throws Exception {
    assertThat(load(List.of(Hello.class.getName(), Hello.class.getName())).found())
        .hasSize(1);
  }

  @Test
  void noServicesAreNoFailure() throws Exception {
    Services<Greeting> services = load(List.of());

    assertThat(services.found()).isEmpty();
    assertThat(services.failuresShown()).isEmpty();
  }

  @Test
  void aFileOfNothingButBrokenServicesComesToAnEnd() throws Exception {
    List<String> names = IntStream.range(0, 200).mapToObj(i -> "acme.Gone" + i).toList();

    assertThat(load(names).failures()).hasSize(100);
  }
}
