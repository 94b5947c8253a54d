package io.fairlead.engine.internal.onnx;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import ai.onnxruntime.OrtEnvironment;
import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.fairlead.engine.internal.Engine;
import io.fairlead.engine.internal.Models;
import io.fairlead.engine.internal.run.LeasedModel;
import io.fairlead.grammar.ModelArtifact;
import io.fairlead.platform.Request;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.slf4j.LoggerFactory;

/** Runs processes of its own: a process unpacks and loads ONNX Runtime's library once. */
@EnabledOnOs(OS.LINUX)
final class OnnxLibraryTest {
  @TempDir
  Path folder;

  @Test
  void theLibraryIsUnpackedOnceIntoTheCacheFolder() throws Exception {
    Path cache = folder.resolve("cache");
    Probe first = probe(cache);
    List<Path> files = files(cache);
    List<Object> times = times(files);

    Probe second = probe(cache);

    assertThat(files)
        .extracting(file -> file.getFileName().toString())
        .containsExactlyInAnyOrder("libonnxruntime.so", "libonnxruntime4j_jni.so");
    assertThat(first.loaded()).isNotEmpty().allMatch(path -> path.startsWith(cache));
    assertThat(second.loaded()).containsExactlyInAnyOrderElementsOf(first.loaded());
    assertThat(files(cache)).isEqualTo(files);
    assertThat(times(files)).isEqualTo(times);
    assertThat(first.temporary()).isEmpty();
  }

  @Test
  void aLibraryThatIsNotWholeIsReplaced() throws Exception {
    Path cache = filledCache();
    Path library = files(cache).get(0);
    Files.write(library, new byte[] {1});

    Probe again = probe(cache);

    assertThat(again.loaded()).isNotEmpty().allMatch(path -> path.startsWith(cache));
    assertThat(Files.size(library)).isGreaterThan(1);
  }

  @Test
  void processesThatBeginAtOnceDoNotDisturbEachOther() throws Exception {
    Path cache = folder.resolve("cache");
    List<Process> processes = new ArrayList<>();
    for (int i = 0; i < 3; i++) {
      processes.add(start(cache, "p" + i, List.of()));
    }

    for (int i = 0; i < 3; i++) {
      Probe probe = end(processes.get(i), "p" + i);
      assertThat(probe.loaded()).isNotEmpty().allMatch(path -> path.startsWith(cache));
    }
    assertThat(files(cache)).hasSize(2);
  }

  @Test
  void whatAKilledProcessLeftIsDeleted() throws Exception {
    Path cache = filledCache();
    Path library = files(cache).get(0);
    Path old = Files.createFile(library.resolveSibling("old.part"));
    Path recent = Files.createFile(library.resolveSibling("recent.part"));
    Files.setLastModifiedTime(old, FileTime.fromMillis(0));
    Files.delete(library);

    probe(cache);

    assertThat(old).doesNotExist();
    assertThat(recent).exists();
  }

  @Test
  void withoutACacheFolderTheLibraryIsLoadedAllTheSame() throws Exception {
    Path cache = Files.createFile(folder.resolve("cache"));

    Probe probe = probe(cache);

    assertThat(probe.loaded())
        .isNotEmpty()
        .allMatch(path -> path.startsWith(temporaryFolder("probe")));
    assertThat(probe.output()).containsOnlyOnce("cannot be cached in " + cache);
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void processesThatAreHaltedLeaveNothingInTheTemporaryFolder(boolean withCacheFolder)
      throws Exception {
    Path cache =
        withCacheFolder ? folder.resolve("cache") : Files.createFile(folder.resolve("cache"));

    for (int i = 0; i < 2; i++) {
      Probe halted = end(start(cache, "halted", List.of("-Dprobe.halt=true")), "halted");

      assertThat(halted.output()).contains("first: {\"predictions\":").contains("loaded: ");
      assertThat(temporaryFolder("halted")).isEmptyDirectory();
    }
  }

  @Test
  void aFolderThatTheUserNamesIsUsed() throws Exception {
    Path cache = filledCache();
    Path own = Files.createDirectory(folder.resolve("own"));
    for (Path library : files(cache)) {
      Files.copy(library, own.resolve(library.getFileName()));
    }

    Process process =
        start(folder.resolve("other"), "own", List.of("-Donnxruntime.native.path=" + own));
    Probe probe = end(process, "own");

    assertThat(probe.loaded()).isNotEmpty().allMatch(path -> path.startsWith(own));
    assertThat(folder.resolve("other")).doesNotExist();
  }

  @Test
  void aProcessThatEndsWhileModelsAreLoadedEndsWell() throws Exception {
    Path cache = filledCache();

    Process process = start(cache, "busy", List.of("-Dprobe.busy=true"));
    Probe probe = end(process, "busy");

    assertThat(probe.output())
        .contains("draining")
        .doesNotContain("cannot be kept alive at shutdown");
  }

  @Test
  void aSecondClassLoaderLoadsACopyOfItsOwn() throws Exception {
    Path cache = folder.resolve("cache");

    Process process = start(cache, "twice", List.of("-Dprobe.twice=true"));
    Probe probe = end(process, "twice");

    assertThat(probe.output()).contains("second: {\"predictions\":");
    assertThat(probe.loaded()).anyMatch(path -> path.startsWith(cache));
  }

  /** Copies what the tests of this process use. */
  private Path filledCache() throws IOException {
    OnnxLibrary.environment(Models.cacheFolder());
    Path cache = folder.resolve("cache");
    for (Path library : files(Models.cacheFolder())) {
      if (library.getFileName().toString().startsWith("libonnxruntime")) {
        Path copy = cache.resolve(Models.cacheFolder().relativize(library));
        Files.createDirectories(copy.getParent());
        Files.copy(library, copy);
      }
    }
    return cache;
  }

  private Probe probe(Path cache) throws Exception {
    return end(start(cache, "probe", List.of()), "probe");
  }

  private Process start(Path cache, String name, List<String> options) throws IOException {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.add("-Djava.io.tmpdir=" + Files.createDirectories(temporaryFolder(name)));
    command.addAll(options);
    command.addAll(
        List.of("-Xmx256m", "-cp", classPath(), ProbeMain.class.getName(), cache.toString()));
    return new ProcessBuilder(command)
        .redirectErrorStream(true)
        .redirectOutput(folder.resolve(name + ".log").toFile())
        .start();
  }

  private Probe end(Process process, String name) throws Exception {
    boolean ended = process.waitFor(60, TimeUnit.SECONDS);
    process.destroyForcibly();
    assertThat(ended).isTrue();
    String output = Files.readString(folder.resolve(name + ".log"), UTF_8);
    assertThat(process.exitValue()).as(output).isZero();
    List<Path> loaded = output
        .lines()
        .filter(line -> line.startsWith("loaded: "))
        .map(line -> Path.of(line.substring("loaded: ".length())))
        .toList();
    return new Probe(output, loaded, files(temporaryFolder(name)));
  }

  private Path temporaryFolder(String name) {
    return folder.resolve("tmp-" + name);
  }

  private static List<Path> files(Path folder) {
    try (Stream<Path> files = Files.walk(folder)) {
      return files.filter(Files::isRegularFile).sorted().toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static List<Object> times(List<Path> files) throws IOException {
    List<Object> times = new ArrayList<>();
    for (Path file : files) {
      times.add(Files.getAttribute(file, "unix:ctime"));
    }
    return times;
  }

  /** The class path of a process that runs tabular models: what these classes come from. */
  static String classPath() {
    return Stream.of(
            Engine.class,
            ProbeMain.class,
            Request.class,
            OrtEnvironment.class,
            JsonFactory.class,
            ObjectMapper.class,
            LoggerFactory.class,
            LoggerFactory.getILoggerFactory().getClass())
        .map(type -> type.getProtectionDomain().getCodeSource().getLocation().getPath())
        .distinct()
        .collect(Collectors.joining(":"));
  }

  private record Probe(String output, List<Path> loaded, List<Path> temporary) {}

  /** Runs a model, and prints the libraries of ONNX Runtime that are loaded. */
  static final class ProbeMain {
    private ProbeMain() {}

    public static void main(String[] arguments) throws Exception {
      String model = Models.path("iris_lr.onnx").toString();
      System.out.println("first: " + answer(arguments[0], model));
      if (Boolean.getBoolean("probe.twice")) {
        List<URL> urls = new ArrayList<>();
        for (String entry : List.of(classPath().split(":", -1))) {
          urls.add(Path.of(entry).toUri().toURL());
        }
        try (var loader =
            new URLClassLoader(urls.toArray(URL[]::new), ClassLoader.getPlatformClassLoader())) {
          Class<?> main = loader.loadClass(ProbeMain.class.getName());
          var answer = main.getDeclaredMethod("answer", String.class, String.class);
          answer.setAccessible(true);
          System.out.println("second: " + answer.invoke(null, arguments[0], model));
        }
      }
      if (Boolean.getBoolean("probe.busy")) {
        loadUntilTheEnd(arguments[0], Models.path("iris_rf.onnx").toString());
      }
      try (Stream<String> maps = Files.lines(Path.of("/proc/self/maps"))) {
        maps.filter(line -> line.contains("libonnxruntime"))
            .map(line -> line.substring(line.indexOf('/')))
            .distinct()
            .forEach(path -> System.out.println("loaded: " + path));
      }
      if (Boolean.getBoolean("probe.halt")) {
        Runtime.getRuntime().halt(0);
      }
    }

    /** Loads on a daemon thread, and for a while in a shutdown hook, as one that drains requests does. */
    private static void loadUntilTheEnd(String cache, String model) throws InterruptedException {
      CountDownLatch loading = new CountDownLatch(20);
      CountDownLatch draining = new CountDownLatch(200);
      Thread loader = new Thread(() -> {
        while (true) {
          answer(cache, model);
          loading.countDown();
          if (loading.getCount() == 0) {
            draining.countDown();
          }
        }
      });
      loader.setDaemon(true);
      loader.start();
      Runtime.getRuntime().addShutdownHook(new Thread(() -> {
        try {
          draining.await();
          System.out.println("draining");
        } catch (InterruptedException e) {
          Thread.currentThread().interrupt();
        }
      }));
      loading.await();
    }

    static String answer(String cache, String model) {
      try (Engine engine =
              new Engine("local", Map.of(), Path.of(cache), 0, ProbeMain.class.getClassLoader());
          LeasedModel iris = engine.load(ModelArtifact.of(Path.of(model)))) {
        return iris.invoke(Request.json("{\"instances\": [[5.1, 3.5, 1.4, 0.2]]}"))
            .text();
      }
    }
  }
}
