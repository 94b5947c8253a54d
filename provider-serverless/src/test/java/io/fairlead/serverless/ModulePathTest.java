package io.fairlead.serverless;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.fairlead.engine.TestJvm;
import io.fairlead.engine.internal.Models;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.jar.Attributes;
import java.util.jar.JarEntry;
import java.util.jar.JarOutputStream;
import java.util.jar.Manifest;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import java.util.zip.Deflater;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledForJreRange;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** An application on the module path, as a process of its own. */
@EnabledOnOs({OS.LINUX, OS.MAC})
final class ModulePathTest {
  private static final Path CLASSES = Path.of("target/classes");
  private static final String LIBRARIES =
      "(onnxruntime|netty-.*|jackson-(core|databind|annotations)|slf4j-.*|jspecify|tokenizers|api|jna|gson"
          + "|commons-compress|commons-codec|commons-io|fairlead-core|error_prone_annotations)-[0-9].*\\.jar";

  @TempDir
  private Path folder;

  private String modulePath;

  @BeforeEach
  void makeModules() throws IOException {
    List<String> path = new ArrayList<>(List.of(
        jar(folder.resolve("fairlead-provider-serverless.jar"), CLASSES).toString(),
        folder.resolve("application").toString()));
    for (String entry : classPath()) {
      Path file = Path.of(entry);
      if (file.getFileName().toString().matches(LIBRARIES)
          || file.endsWith(Path.of("core/target/classes"))) {
        path.add(entry);
      }
    }
    modulePath = String.join(File.pathSeparator, path);
    Path sources = Files.createDirectories(folder.resolve("sources/acme"));
    Files.writeString(folder.resolve("sources/module-info.java"), """
        module acme.application {
          requires io.fairlead.core;
          requires io.fairlead.serverless;
        }
        """);
    Files.writeString(sources.resolve("Main.java"), """
        package acme;

        import io.fairlead.grammar.*;
        import io.fairlead.platform.*;
        import io.fairlead.serverless.*;
        import java.net.URI;
        import java.time.Duration;
        import java.util.Map;

        public final class Main {
          public static void main(String[] args) {
            try (ServerlessPlatform platform =
                Platforms.open("serverless", ServerlessPlatform.class, Map.of("cache", args[0]))) {
              ModelArtifact iris = ModelArtifact.of(URI.create("classpath:iris.onnx"));
              Request row = Request.json("{\\"instances\\": [[5.1, 3.5, 1.4, 0.2]]}");
              System.out.println("here " + ask(platform, iris.named("here"), row));
              if (args.length == 1) {
                System.out.println("apart " + ask(platform,
                    iris.named("apart").with(ServerlessOptions.DEFAULT.withIsolation(Isolation.PROCESS)), row));
                ModelArtifact texts = ModelArtifact.of(URI.create("classpath:texts.onnx"));
                System.out.println("texts " + ask(platform, texts.named("texts"), Request.texts("some words")));
              }
              System.out.println("url " + platform.url(new ModelFunction(iris.named("here"), LIMITS)));
            }
          }

          private static final FunctionLimits LIMITS = FunctionLimits.DEFAULT.withMemory("256MB");

          private static String ask(ServerlessPlatform platform, ModelArtifact model, Request request) {
            return platform
                .invoke(platform.deploy(model, LIMITS).await(Duration.ofMinutes(1)), request)
                .text();
          }
        }
        """);
    int compiled = ToolProvider.getSystemJavaCompiler()
        .run(
            null,
            null,
            null,
            "-p",
            modulePath,
            "-d",
            folder.resolve("application").toString(),
            folder.resolve("sources/module-info.java").toString(),
            sources.resolve("Main.java").toString());
    assertThat(compiled).isZero();
    Files.copy(
        Path.of("src/test/resources/models/iris_lr.onnx"), folder.resolve("application/iris.onnx"));
    Models.write(folder.resolve("application"), "texts.onnx", Models.hidden());
    Files.writeString(
        folder.resolve("application/texts-tokenizer.json"), Models.tokenizerOfSomeWords());
  }

  private static List<String> classPath() {
    return List.of(
        System.getProperty("surefire.test.class.path", System.getProperty("java.class.path"))
            .split(File.pathSeparator));
  }

  /** As the build packages it. */
  private static Path jar(Path jar, Path classes) throws IOException {
    Manifest manifest = new Manifest();
    manifest.getMainAttributes().put(Attributes.Name.MANIFEST_VERSION, "1.0");
    manifest.getMainAttributes().putValue("Automatic-Module-Name", "io.fairlead.serverless");
    try (JarOutputStream out = new JarOutputStream(Files.newOutputStream(jar), manifest);
        Stream<Path> files = Files.walk(classes)) {
      out.setLevel(Deflater.NO_COMPRESSION);
      for (Path file : files.filter(Files::isRegularFile).toList()) {
        out.putNextEntry(
            new JarEntry(classes.relativize(file).toString().replace(File.separatorChar, '/')));
        Files.copy(file, out);
      }
    }
    return jar;
  }

  private String run(List<String> options, String... more) throws Exception {
    List<String> command = TestJvm.command();
    command.addAll(options);
    command.addAll(List.of(
        "-p",
        modulePath,
        "-m",
        "acme.application/acme.Main",
        folder.resolve("cache").toString()));
    command.addAll(List.of(more));
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    try {
      String said = new String(process.getInputStream().readAllBytes(), UTF_8);
      assertThat(process.waitFor(60, TimeUnit.SECONDS)).as(said).isTrue();
      return said;
    } finally {
      process.destroyForcibly();
    }
  }

  @Test
  void modelsRunAndTheHttpServerNeedsTheModuleThatTheMessageNames() throws Exception {
    String without = run(List.of());

    assertThat(without).contains("here {\"predictions\":", "apart {\"predictions\":", "texts [[");
    assertThat(without).doesNotContain("url http");
    String option = Stream.of(without.split("[ ,]+"))
        .dropWhile(word -> !word.equals("--add-modules"))
        .limit(2)
        .collect(Collectors.joining(" "));
    assertThat(option).isEqualTo("--add-modules io.netty.codec.http");

    assertThat(run(List.of(option.split(" ")), "url alone"))
        .contains("here {\"predictions\":", "url http://127.0.0.1:");
  }

  @Test
  @EnabledForJreRange(minVersion = 24)
  void nativeAccessIsNeededByTheModulesThatThePageNames() throws Exception {
    String page = Files.readString(Path.of("../docs/serverless.md"));
    Matcher named = Pattern.compile("--enable-native-access=(com\\.[\\w.,]+)").matcher(page);
    assertThat(named.find()).isTrue();

    assertThat(run(List.of("--illegal-native-access=deny", named.group())))
        .contains("here {\"predictions\":", "texts [[");
  }
}
