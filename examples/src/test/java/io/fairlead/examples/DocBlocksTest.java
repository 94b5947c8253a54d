package io.fairlead.examples;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.fail;

import com.fasterxml.jackson.databind.ObjectMapper;
import io.fairlead.examples.Pages.Block;
import java.io.IOException;
import java.io.StringWriter;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.MatchResult;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import javax.tools.JavaCompiler;
import javax.tools.JavaFileObject.Kind;
import javax.tools.SimpleJavaFileObject;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Every block of code in every page, by a rule for its language; a language without a rule is refused.
 *
 * <p>YAML and HCL need libraries that only the whole build has: {@code YamlBlocksTest} and {@code HclBlocksTest} read
 * them, in all pages as well.
 */
class DocBlocksTest {
  private static final Set<String> ELSEWHERE = Set.of("yaml", "hcl");
  private static final Set<String> COMMANDS = Set.of("bash", "sh", "console");
  /** Programs that are not ours, which a page may start. */
  private static final Set<String> PROGRAMS = Set.of(
      "cd",
      "cp",
      "curl",
      "docker",
      "echo",
      "git",
      "gradle",
      "jar",
      "java",
      "javac",
      "mkdir",
      "mvn",
      "sed",
      "sha256sum",
      "zip");

  private static final Set<String> PHASES =
      Set.of("clean", "compile", "test-compile", "test", "package", "verify", "install", "deploy");
  private static final Pattern INLINE =
      Pattern.compile("`((?:\\./mvnw|\\.ci/run|examples/(?:[a-z/-]+/)?run)(?: [^`]*)?)`");
  private static final Pattern COORDINATES =
      Pattern.compile("\"([a-zA-Z0-9_.-]+:[a-zA-Z0-9_.-]+(?::[a-zA-Z0-9_.-]+)?)\"");

  private static final String SOURCES = squeezed(sources("java", "jsh"));
  private static final Poms POMS = new Poms();

  static List<Block> blocks() {
    return Pages.blocks();
  }

  static List<Path> pages() {
    return Pages.all();
  }

  @TempDir
  Path folder;

  @Test
  void thereArePagesWithBlocks() {
    assertThat(blocks()).hasSizeGreaterThan(80);
    assertThat(pages()).hasSizeGreaterThan(30);
  }

  @ParameterizedTest
  @MethodSource("blocks")
  void isCode(Block block) throws IOException {
    switch (block.language()) {
      case "java" -> compiled(block);
      case "xml" -> POMS.haveAll(Poms.coordinates(block.text()));
      case "kotlin" -> POMS.haveAll(inGradle(block.text()));
      case "json" -> new ObjectMapper().readTree(block.text());
      case "python" -> balanced(block.text());
      case "dockerfile" -> dockerfile(block.text());
      case "properties", "jshell" -> stands(block);
      case "", "text", "bash", "sh", "console" ->
        commands(block.text(), COMMANDS.contains(block.language()));
      default -> {
        if (!ELSEWHERE.contains(block.language())) {
          fail("there is no rule for the language of " + block);
        }
      }
    }
  }

  @ParameterizedTest
  @MethodSource("pages")
  void everyCommandInASentenceExists(Path page) throws IOException {
    for (MatchResult found : INLINE.matcher(Pages.text(page)).results().toList()) {
      commands(found.group(1).replaceAll("\\s+", " "), true);
    }
  }

  @ParameterizedTest
  @MethodSource("pages")
  void gradleHasTheDependenciesOfMaven(Path page) throws IOException {
    Set<String> gradle = new TreeSet<>();
    Set<String> maven = new TreeSet<>();
    for (Block block : Pages.blocks(page)) {
      if (block.language().equals("kotlin")) {
        gradle.addAll(inGradle(block.text()));
      } else if (block.language().equals("xml")) {
        maven.addAll(Poms.dependencies(block.text()));
      }
    }
    if (!gradle.isEmpty()) {
      assertThat(gradle).isEqualTo(maven);
    }
  }

  /** A whole file compiles as it stands; a piece stands, but for white space, in a source that is compiled. */
  private void compiled(Block block) throws IOException {
    boolean whole = block.text().startsWith("package ") || block.text().startsWith("import ");
    if (SOURCES.contains(squeezed(block.text()))) {
      return;
    }
    if (!whole) {
      fail("stands in no source that is compiled: " + block + "\n" + block.text());
    }
    compile(block.text(), folder);
  }

  /** Compiles a file with this test's class path into the folder. */
  static void compile(String source, Path folder) throws IOException {
    Matcher name = Pattern.compile("^(?:public )?(?:final )?class (\\w+)", Pattern.MULTILINE)
        .matcher(source);
    assertThat(name.find()).as("a class of its own in: " + source).isTrue();
    JavaCompiler javac = ToolProvider.getSystemJavaCompiler();
    StringWriter messages = new StringWriter();
    boolean right = javac
        .getTask(
            messages,
            null,
            null,
            List.of("-cp", Child.classPath(), "-d", folder.toString(), "-proc:none", "-Xlint:all"),
            null,
            List.of(
                new SimpleJavaFileObject(
                    URI.create("string:///" + name.group(1) + ".java"), Kind.SOURCE) {
                  @Override
                  public CharSequence getCharContent(boolean ignoreErrors) {
                    return source;
                  }
                }))
        .call();
    assertThat(right).as(messages + "\n" + source).isTrue();
  }

  /** What only its own build can read stands in a file that this build runs. */
  private static void stands(Block block) {
    if (block.text().contains("jshell> ")) {
      // What is typed, with what is printed: JshellTest types the blocks of that page.
      assertThat(block.toString()).contains("docs/jshell.md");
      return;
    }
    String extension = block.language().equals("jshell") ? "jsh" : block.language();
    assertThat(squeezed(sources(extension))).contains(squeezed(block.text()));
  }

  private static Set<String> inGradle(String text) {
    return COORDINATES
        .matcher(text)
        .results()
        .map(found -> found.group(1))
        .collect(Collectors.toCollection(TreeSet::new));
  }

  private static void balanced(String python) {
    String bare = python
        .replaceAll("(?s)\"\"\".*?\"\"\"", "")
        .replaceAll("\"[^\"\\n]*\"|'[^'\\n]*'", "x")
        .replaceAll("#.*", "");
    assertThat(bare).as("quotes that are closed, and no tabs").doesNotContain("\"", "'", "\t");
    String brackets = bare.replaceAll("[^()\\[\\]{}]", "");
    for (String shorter = ""; !brackets.equals(shorter); ) {
      shorter = brackets;
      brackets = brackets.replaceAll("\\(\\)|\\[]|\\{}", "");
    }
    assertThat(brackets).as("brackets that are not closed").isEmpty();
  }

  private static void dockerfile(String text) throws IOException {
    for (String line : text.lines().toList()) {
      assertThat(line).matches("(FROM|COPY|ENV|EXPOSE|ENTRYPOINT|WORKDIR|USER|RUN) .+");
      if (line.startsWith("COPY ") && line.contains("/target/")) {
        Path module = Pages.ROOT.resolve(line.split(" ", -1)[1].replaceAll("/target/.*", ""));
        assertThat(module.resolve("pom.xml")).exists();
      }
      Matcher jar = Pattern.compile("/([\\w-]+)\\.jar").matcher(line);
      if (jar.find()) {
        assertThat(POMS.all()).anyMatch(pom -> pom.contains("<finalName>" + jar.group(1) + "<"));
      }
    }
  }

  // ---- commands ----

  /**
   * Checks each line that starts a script of the project: the script, its example, its modules, its options.
   *
   * @param all whether each line is a command, and nothing is output
   */
  private static void commands(String text, boolean all) throws IOException {
    for (String line : text.replaceAll("\\\\\\n\\s*", "").lines().toList()) {
      boolean typed = line.startsWith("$ ");
      String command = line.replaceFirst("^\\$ ", "").replaceAll("(^| +)# .*", "");
      if (command.isBlank() || (all && !typed && text.startsWith("$ "))) {
        continue;
      }
      String[] words = command.strip().split("\\s+");
      Path script = Pages.ROOT.resolve(words[0].replaceFirst("^\\./", "")).normalize();
      if (words[0].contains("/") && Files.isRegularFile(script)) {
        assertThat(Files.isExecutable(script)).as(words[0]).isTrue();
        if (script.endsWith("examples/run")) {
          example(words);
        } else if (script.endsWith("mvnw")) {
          maven(words);
        }
      } else if (all || words[0].matches("(\\.?/)?(examples|\\.ci|provider-\\w+|core)/.*")) {
        assertThat(PROGRAMS).as("'%s', which starts '%s'", words[0], line).contains(words[0]);
      }
    }
  }

  private static void example(String[] words) throws IOException {
    if (words.length == 1 || words[1].equals("...")) {
      return;
    }
    String run = Files.readString(Pages.ROOT.resolve("examples/run"));
    Set<String> names = Pattern.compile("(?m)^ +([a-z][a-z |-]*)\\) ")
        .matcher(run)
        .results()
        .flatMap(label -> Stream.of(label.group(1).split(" *\\| *", -1)))
        .collect(Collectors.toSet());
    if (!words[1].equals(words[1].toUpperCase(Locale.ROOT))) {
      assertThat(names).as(String.join(" ", words)).contains(words[1]);
    }
    for (int i = 2; i < words.length; i++) {
      if (words[i].startsWith("--")) {
        String option = words[i].replaceAll("[=\\]].*", "");
        assertThat(SOURCES + squeezed(run)).as(String.join(" ", words)).contains(option);
      }
      if (words[i - 1].equals("--set") && words[i].contains("=")) {
        String key = words[i].replaceAll("=.*", "");
        assertThat(SOURCES)
            .containsAnyOf("\"" + key + "\"", "\"" + camelCase(key) + "\"", camelCase(key) + "(");
      }
    }
  }

  private static void maven(String[] words) {
    for (int i = 1; i < words.length; i++) {
      String word = words[i];
      if (word.equals("-pl") && i + 1 < words.length) {
        for (String module : words[++i].replaceAll("['!]", "").split(",", -1)) {
          assertThat(Pages.ROOT.resolve(module).resolve("pom.xml")).exists();
        }
      } else if (word.equals("-f")) {
        i++;
      } else if (word.startsWith("-P")) {
        for (String profile : word.substring(2).split(",", -1)) {
          assertThat(POMS.all())
              .as("profile " + profile)
              .anyMatch(pom -> pom.contains("<id>" + profile.replace("!", "") + "</id>"));
        }
      } else if (!word.startsWith("-") && !word.contains(":") && !word.equals("...")) {
        assertThat(PHASES).as(String.join(" ", words)).contains(word);
      }
    }
  }

  private static String camelCase(String key) {
    return Pattern.compile("-(.)")
        .matcher(key)
        .replaceAll(found -> found.group(1).toUpperCase(Locale.ROOT));
  }

  // ---- what is compiled ----

  private static String sources(String... extensions) {
    StringBuilder all = new StringBuilder();
    for (Path file : Pages.files(extensions)) {
      String path = Pages.ROOT.relativize(file).toString();
      if (!path.endsWith(".java") || path.matches(".*src/(main|test|clouds)/java/.*")) {
        all.append(Pages.read(file)).append('\n');
      }
    }
    return all.toString();
  }

  private static String squeezed(String text) {
    return text.replaceAll("\\s+", "");
  }
}
