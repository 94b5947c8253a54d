package io.fairlead.examples;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** The script, in a checkout with a Maven and a Java that only say how they were called. */
@DisabledOnOs(value = OS.WINDOWS, disabledReason = "the script is for bash")
class RunScriptTest {
  @TempDir
  Path root;

  @BeforeEach
  void makeACheckout() throws IOException {
    Path script = root.resolve("examples/run");
    Files.createDirectories(root.resolve("examples/src/main"));
    Files.copy(Path.of("run"), script);
    script.toFile().setExecutable(true);
    Files.createFile(root.resolve("pom.xml"));
    Files.createFile(root.resolve("examples/pom.xml"));
    program(
        "mvnw",
        "sleep 0.3; echo \"$@\" >>mvnw.calls; cloud=;"
            + " for one; do case $one in -P*) cloud=${one#-P};; esac; done;"
            + " module=examples; case $* in *examples/spring-boot*) module=examples/spring-boot;; esac;"
            + " printf ${cloud:+$cloud-}jars >$module/target/$cloud/classpath");
    java("17.0.15");
  }

  private void java(String version) throws IOException {
    program(
        "jdk/bin/java",
        "case $1 in -version) echo 'openjdk version \"" + version
            + "\" 2025-04-15' >&2;; *) printf '%s\\n' \"$@\"; exit 7;; esac");
  }

  private void program(String path, String body) throws IOException {
    Path file = root.resolve(path);
    Files.createDirectories(file.getParent());
    Files.writeString(file, "#!/usr/bin/env bash\n" + body + "\n");
    file.toFile().setExecutable(true);
  }

  private Child run(String... arguments) throws IOException {
    List<String> command = new ArrayList<>(List.of(root.resolve("examples/run").toString()));
    command.addAll(Arrays.asList(arguments));
    ProcessBuilder builder = new ProcessBuilder(command).directory(new File("/"));
    builder.environment().put("JAVA_HOME", root.resolve("jdk").toString());
    builder.environment().put("WHERE", "vertex");
    return Child.start(builder);
  }

  private List<String> builds() throws IOException {
    Path calls = root.resolve("mvnw.calls");
    return Files.exists(calls) ? Files.readAllLines(calls) : List.of();
  }

  @Test
  void withoutANameItListsTheExamples() throws Exception {
    try (Child child = run()) {
      assertThat(child.exitCode()).isEqualTo(2);
      assertThat(child.err())
          .contains(
              "quickstart",
              "serverless",
              "stateful",
              "lifecycle",
              "check",
              "quarkus",
              "readme",
              "jshell");
    }
    assertThat(builds()).isEmpty();
  }

  @Test
  void anUnknownNameListsThemToo() throws Exception {
    try (Child child = run("quickstop")) {
      assertThat(child.exitCode()).isEqualTo(2);
      assertThat(child.err()).contains("no example 'quickstop'", "quickstart");
    }
  }

  @Test
  void buildsOnceThenStartsJavaWithTheArgumentsAsTheyAre() throws Exception {
    try (Child child = run("quickstart", "a question", "*")) {
      assertThat(child.exitCode()).isEqualTo(7);
      assertThat(child.err()).contains("Building, once");
      assertThat(child.out()).endsWith("io.fairlead.examples.Quickstart\na question\n*\n");
    }
    try (Child child = run("lifecycle", "--json")) {
      assertThat(child.exitCode()).isEqualTo(7);
      assertThat(child.err()).isEmpty();
      assertThat(child.out()).endsWith("io.fairlead.examples.Lifecycle\n--json\n");
    }
    assertThat(builds())
        .singleElement()
        .asString()
        .contains("-pl examples -am", "-DskipTests package");
  }

  @Test
  void theServiceOfQuarkusIsBuiltWithItsOwnModulesAndHasTheArgumentsAsProperties()
      throws Exception {
    try (Child child = run("quarkus", "-Dquarkus.http.port=0")) {
      assertThat(child.exitCode()).isEqualTo(7);
      assertThat(child.out())
          .endsWith("-Dquarkus.http.port=0\n-jar\n"
              + root.resolve("examples/quarkus/target/quarkus-app/quarkus-run.jar") + "\n");
    }
    assertThat(builds())
        .singleElement()
        .asString()
        .contains("-pl examples/quarkus -am -Dquick -Pquarkus");
  }

  @Test
  void theJarsOfACloudAreForThoseWhoAskForThatCloud() throws Exception {
    try (Child child = run("quickstart", "--platform", "sagemaker")) {
      child.exitCode();
      assertThat(child.out()).contains("examples.jar:jars\n", "run.jsa");
    }
    try (Child child = run("lifecycle", "--platform", "sagemaker", "--set", "region=us-east-1")) {
      assertThat(child.exitCode()).isEqualTo(7);
      assertThat(child.err()).contains("Building, once", "280 MB");
      assertThat(child.out())
          .contains("examples.jar:sagemaker-jars\n")
          .doesNotContain("run.jsa")
          .endsWith("Lifecycle\n--platform\nsagemaker\n--set\nregion=us-east-1\n");
    }
    try (Child child = run("check", "sagemaker", "--set", "region=us-east-1")) {
      assertThat(child.exitCode()).isEqualTo(7);
      assertThat(child.out())
          .contains("examples.jar:sagemaker-jars\n")
          .endsWith("Check\nsagemaker\n--set\nregion=us-east-1\n");
    }
    try (Child child = run("check")) {
      assertThat(child.exitCode()).isEqualTo(7);
      assertThat(child.out()).contains("examples.jar:jars\n").endsWith("Check\n");
    }
    try (Child child = run("lifecycle", "--set", "name=sagemaker", "--platform", "local")) {
      child.exitCode();
      assertThat(child.out()).contains("examples.jar:jars\n");
    }
    try (Child child = run("lifecycle", "--platform", "vertex")) {
      child.exitCode();
      assertThat(child.err()).contains("Building, once", "300 MB");
      assertThat(child.out()).contains("examples.jar:vertex-jars\n").doesNotContain("run.jsa");
    }
    try (Child child = run("lifecycle", "--platform", "azureml")) {
      child.exitCode();
      assertThat(child.err()).contains("Building, once", "240 MB");
      assertThat(child.out()).contains("examples.jar:azureml-jars\n").doesNotContain("run.jsa");
    }
    try (Child child = run("lifecycle", "--platform", "sagemaker")) {
      child.exitCode();
      assertThat(child.out()).contains("examples.jar:sagemaker-jars\n");
    }

    assertThat(builds())
        .satisfiesExactly(
            one -> assertThat(one).doesNotContain("-P"),
            other -> assertThat(other).contains("-Psagemaker"),
            another -> assertThat(another).contains("-Pvertex"),
            last -> assertThat(last).contains("-Pazureml"));
  }

  @Test
  void theServiceOfSpringBootIsAModuleOfItsOwn() throws Exception {
    try (Child child = run("spring-boot", "--server.port=8081")) {
      assertThat(child.exitCode()).isEqualTo(7);
      assertThat(child.out())
          .contains("examples/spring-boot/target/search.jar:jars\n")
          .endsWith("io.fairlead.examples.springboot.SearchApplication\n--server.port=8081\n");
    }
    try (Child child = run("spring-boot", "--spring.profiles.active=vertex")) {
      assertThat(child.exitCode()).isEqualTo(7);
      assertThat(child.err()).contains("Building, once", "300 MB");
      assertThat(child.out()).contains("examples/spring-boot/target/search.jar:vertex-jars\n");
    }
    try (Child child = run("spring-boot")) {
      assertThat(child.exitCode()).isEqualTo(7);
      assertThat(child.err()).isEmpty();
    }

    assertThat(builds())
        .satisfiesExactly(
            one -> assertThat(one).contains("-pl examples/spring-boot -am").doesNotContain("-P"),
            other -> assertThat(other).contains("-Pvertex"));
  }

  @Test
  void aFileForACloudHasTheJarsOfItsPlatform() throws Exception {
    for (String platform : List.of("vertex", "'vertex'", "\"vertex\"  # a cloud", "${WHERE}")) {
      Path file = Files.writeString(
          root.resolve("a file.yaml"), "# platform: local\r\nplatform: " + platform + "\r\n");
      try (Child child = run("deploy", file.toString(), "--preview")) {
        assertThat(child.exitCode()).isEqualTo(7);
        assertThat(child.out())
            .contains("examples.jar:vertex-jars\n")
            .endsWith("io.fairlead.examples.Deployments\ndeploy\n" + file + "\n--preview\n");
      }
    }
    Path local = Files.writeString(
        root.resolve("local.yaml"), "platform: local\nendpoint:\n  platform: vertex\n");
    try (Child child = run("status", local.toString())) {
      child.exitCode();
      assertThat(child.out())
          .contains("examples.jar:jars\n")
          .endsWith("io.fairlead.examples.Deployments\nstatus\n" + local + "\n");
    }
    try (Child child = run("sweep", "--platform", "azureml", "--set", "workspace=local.yaml")) {
      child.exitCode();
      assertThat(child.out()).contains("examples.jar:azureml-jars\n");
    }
    try (Child child = run("undeploy", "none.yaml")) {
      assertThat(child.exitCode()).isEqualTo(7);
      assertThat(child.out()).contains("examples.jar:jars\n").endsWith("undeploy\nnone.yaml\n");
    }
  }

  @Test
  void buildsAgainWhenASourceIsNewer() throws Exception {
    try (Child child = run("quickstart")) {
      child.exitCode();
    }
    Path source = Files.createFile(root.resolve("examples/src/main/New.java"));
    Files.setLastModifiedTime(source, FileTime.from(Instant.now().plusSeconds(1)));

    try (Child child = run("quickstart")) {
      child.exitCode();
      assertThat(child.err()).contains("Building what changed");
    }

    assertThat(builds()).hasSize(2);
  }

  @Test
  void buildsAgainWithAnotherJava() throws Exception {
    try (Child child = run("quickstart")) {
      child.exitCode();
    }
    Files.move(root.resolve("jdk/bin/java"), root.resolve("jdk/bin/java-17"));
    Files.createSymbolicLink(root.resolve("jdk/bin/java"), Path.of("java-17"));

    try (Child child = run("quickstart")) {
      assertThat(child.exitCode()).isEqualTo(7);
    }

    assertThat(builds()).hasSize(2);
  }

  @Test
  void twoAtOnceBuildOnce() throws Exception {
    try (Child one = run("quickstart");
        Child other = run("quickstart")) {
      assertThat(one.exitCode()).isEqualTo(7);
      assertThat(other.exitCode()).isEqualTo(7);
    }

    assertThat(builds()).hasSize(1);
    assertThat(root.resolve("examples/target/run.lock")).doesNotExist();
  }

  @Test
  void aLockOfAProcessThatDiedIsNoObstacle() throws Exception {
    long dead;
    try (Child child = Child.ofJdk("java", "-version")) {
      child.exitCode();
      dead = child.pid();
    }
    Files.createDirectories(root.resolve("examples/target"));
    Files.createSymbolicLink(
        root.resolve("examples/target/run.lock"), Path.of(Long.toString(dead)));

    try (Child child = run("quickstart")) {
      assertThat(child.exitCode()).isEqualTo(7);
    }
  }

  @Test
  void aFailedBuildSaysWhereItsLogIs() throws Exception {
    program("mvnw", "echo '[ERROR] cannot find symbol'; exit 1");

    try (Child child = run("quickstart")) {
      assertThat(child.exitCode()).isEqualTo(1);
      assertThat(child.err()).contains("[ERROR] cannot find symbol", "run.log");
    }
    assertThat(root.resolve("examples/target/run.lock")).doesNotExist();
  }

  @Test
  void withoutANetworkItSaysSo() throws Exception {
    program(
        "mvnw", "echo '[ERROR] Could not transfer artifact: Unknown host repo.example'; exit 1");

    try (Child child = run("quickstart")) {
      assertThat(child.exitCode()).isEqualTo(1);
      assertThat(child.err()).contains("There is no network").doesNotContain("[ERROR]");
    }
  }

  @Test
  void aBuildThatCtrlCEndsIsNoFailure() throws Exception {
    assumeTrue(
        isInterruptible(), "a background job ignores the signal of Ctrl-C, and so do its children");
    // As the terminal does it: the signal is for all of its processes, and the script runs its trap
    // after the child's end.
    program("mvnw", "kill -INT $PPID; kill -INT $$; exit 130");

    try (Child child = run("quickstart")) {
      assertThat(child.exitCode()).isEqualTo(130);
      assertThat(child.err()).contains("Stopped.").doesNotContain("failed");
    }
    assertThat(root.resolve("examples/target/run.lock")).doesNotExist();
  }

  private static boolean isInterruptible() throws Exception {
    return new ProcessBuilder("sh", "-c", "kill -INT $$; exit 0").start().waitFor() != 0;
  }

  @Test
  void aFolderThatTheLocaleCannotNameIsOneSentence() throws Exception {
    Path elsewhere = Files.createDirectories(root.resolve("Prüfung/examples/src/main"));
    Path script = Files.copy(Path.of("run"), elsewhere.getParent().getParent().resolve("run"));
    assertThat(script.toFile().setExecutable(true)).isTrue();
    ProcessBuilder builder = new ProcessBuilder(script.toString(), "quickstart");
    builder.environment().put("JAVA_HOME", root.resolve("jdk").toString());
    builder.environment().put("LC_ALL", "C");

    try (Child child = Child.start(builder)) {
      assertThat(child.exitCode()).isEqualTo(1);
      assertThat(child.err()).contains("has letters beyond ASCII", "set LC_ALL=C.UTF-8");
    }
  }

  @Test
  @EnabledOnOs(value = OS.LINUX, disabledReason = "script(1) has other options elsewhere")
  void onATerminalTheLastLineOfTheBuildIsShownWhileItRuns() throws Exception {
    assumeTrue(
        Files.exists(Path.of("/usr/bin/script")), "there is no script(1) to make a terminal");
    program(
        "mvnw",
        "echo \"$@\" >>mvnw.calls; echo '[INFO] the first line'; echo '[INFO] compiling the core';"
            + " until [ -f go ]; do sleep 0.05; done; printf jars >examples/target/classpath");
    ProcessBuilder builder = new ProcessBuilder(
        "script", "-qec", root.resolve("examples/run") + " quickstart", "/dev/null");
    builder.environment().put("JAVA_HOME", root.resolve("jdk").toString());

    try (Child child = Child.start(builder)) {
      child.awaitOutput("\r\u001b[K[INFO] compiling the core");
      Files.createFile(root.resolve("go"));

      assertThat(child.exitCode()).isEqualTo(7);
      // Removed before the example prints anything.
      assertThat(child.out().substring(child.out().lastIndexOf("compiling")))
          .containsSubsequence("\r\u001b[K", "io.fairlead.examples.Quickstart");
    }
    assertThat(builds()).singleElement().asString().doesNotContain("-ntp");
  }

  @Test
  void jshellGetsTheScriptThatIsAskedForAndTheImports() throws Exception {
    program("jdk/bin/jshell", "printf '%s\\n' \"$@\"; cat");
    Path scripts = root.toRealPath().resolve("examples/jshell");

    try (Child child = run("jshell")) {
      assertThat(child.exitCode()).isZero();
      assertThat(child.out())
          .contains("examples.jar:jars\n")
          .endsWith("--startup\nDEFAULT\n--startup\n" + scripts.resolve("fairlead.jsh") + "\n"
              + scripts.resolve("first-steps.jsh") + "\n-\n" + Jshell.END);
    }
    try (Child child = run("jshell", "canary")) {
      child.exitCode();
      assertThat(child.out()).contains(scripts.resolve("canary.jsh") + "\n");
    }
    try (Child child = run("jshell", "plan", "vertex")) {
      child.exitCode();
      assertThat(child.out())
          .contains("examples.jar:vertex-jars\n")
          .contains(scripts.resolve("vertex.jsh") + "\n" + scripts.resolve("plan.jsh") + "\n");
    }
    try (Child child = run("jshell", "plan")) {
      child.exitCode();
      assertThat(child.out()).contains("examples.jar:sagemaker-jars\n");
    }
  }

  @Test
  void whatJshellHasNoScriptForIsOneSentence() throws Exception {
    for (String[] wrong : new String[][] {
      {"jshell", "firststeps"}, {"jshell", "plan", "aws"}, {"jshell", "canary", "vertex"}
    }) {
      try (Child child = run(wrong)) {
        assertThat(child.exitCode()).isEqualTo(2);
        assertThat(child.err().lines())
            .singleElement()
            .asString()
            .contains("first-steps | canary | plan", wrong[wrong.length - 1]);
      }
    }
    assertThat(builds()).isEmpty();
  }

  @Test
  void aServerIsTheProcessOfTheScript() throws Exception {
    program(
        "mvnw",
        "echo \"$@\" >>mvnw.calls; folder=provider-serverless/server/target/server;"
            + " mkdir -p $folder; touch $folder/fairlead-server.jar");

    try (Child child = run("serve", "model.onnx", "--port", "0")) {
      assertThat(child.exitCode()).isEqualTo(7);
      assertThat(child.out())
          .endsWith("-jar\n"
              + root.toRealPath()
                  .resolve("provider-serverless/server/target/server/fairlead-server.jar")
              + "\nmodel.onnx\n--port\n0\n");
    }

    assertThat(builds()).singleElement().asString().contains("-pl provider-serverless/server -am");
  }

  @Test
  void anOldJavaIsRefused() throws Exception {
    java("11.0.2");
    try (Child child = run("quickstart")) {
      assertThat(child.exitCode()).isEqualTo(1);
      assertThat(child.err()).contains("is Java 11, which is too old: set JAVA_HOME");
    }
    java("1.8.0_412");
    try (Child child = run("quickstart")) {
      assertThat(child.exitCode()).isEqualTo(1);
      assertThat(child.err()).contains("is Java 8, which is too old: set JAVA_HOME");
    }
    assertThat(builds()).isEmpty();
  }

  @Test
  void aMissingJavaIsOneSentence() throws Exception {
    Files.delete(root.resolve("jdk/bin/java"));

    try (Child child = run("quickstart")) {
      assertThat(child.exitCode()).isEqualTo(1);
      assertThat(child.err().lines()).singleElement().asString().contains("has no bin/java");
    }
  }

  @Test
  void aJavaWithoutJshellIsOneSentence() throws Exception {
    try (Child child = run("jshell")) {
      assertThat(child.exitCode()).isEqualTo(1);
      assertThat(child.err()).contains("has no jshell: set JAVA_HOME to a whole JDK");
    }
  }
}
