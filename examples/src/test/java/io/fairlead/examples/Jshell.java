package io.fairlead.examples;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;

/** A shell as {@code examples/run jshell} starts it, on the class path of the test. */
final class Jshell {
  /** What the script types where there is nobody to do it. */
  static final String END = "/exit end()\n/exit 1\n";

  private Jshell() {}

  /**
   * {@return what a script prints, and what is typed after it; the shell has ended with 0}
   *
   * @param folder for temporary files
   */
  static String output(
      String script, String typed, Path folder, Map<String, String> environment, String... startup)
      throws IOException, InterruptedException {
    Path jshell = Path.of(System.getProperty("java.home"), "bin", "jshell");
    assumeTrue(Files.exists(jshell), "this Java has no jshell");
    List<String> command = new ArrayList<>(List.of(
        jshell.toString(),
        // As the JVMs of the tests: for a process that lives for seconds.
        "-J-XX:TieredStopAtLevel=1",
        "-J-XX:+UseSerialGC",
        "-R-XX:TieredStopAtLevel=1",
        "-R-XX:+UseSerialGC",
        "-J-Djava.util.prefs.userRoot=" + folder.resolve("history"),
        "-J-Djava.util.logging.config.file=" + folder.resolve("none"),
        "--class-path",
        Child.classPath(),
        "-R--enable-native-access=ALL-UNNAMED",
        "-R-Duser.home=" + folder,
        "--startup",
        "DEFAULT",
        "--startup",
        "jshell/fairlead.jsh"));
    Arrays.stream(startup).forEach(file -> command.addAll(List.of("--startup", file)));
    command.add("jshell/" + script + ".jsh");
    ProcessBuilder builder = new ProcessBuilder(command);
    // Neither the credentials nor the regions of whoever runs the test.
    builder
        .environment()
        .keySet()
        .removeIf(name -> name.matches("(AWS|AZURE|AZUREML|GOOGLE|GCLOUD|CLOUDSDK)_.*"));
    builder.environment().put("HOME", folder.toString());
    builder.environment().putAll(environment);
    try (Child child = Child.start(builder).typing(typed)) {
      int code = child.exitCode();
      assertThat(code).as(child.out() + child.err()).isZero();
      assertThat(child.out()).doesNotContain("Error:", "Exception");
      return child.out();
    }
  }
}
