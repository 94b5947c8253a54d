package io.fairlead.engine.internal.onnx;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.fairlead.engine.TestJvm;
import io.fairlead.engine.internal.Engine;
import io.fairlead.engine.internal.Models;
import io.fairlead.engine.internal.run.LeasedModel;
import io.fairlead.grammar.ModelArtifact;
import io.fairlead.platform.Request;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** Runs processes of its own: a process unpacks and loads ONNX Runtime's library once. */
@EnabledOnOs(OS.LINUX)
final class OnnxLibraryTest {
  @TempDir
  private static Path shared;

  private static Path filled;
  private static Probe first;

  @TempDir
  Path folder;

  /** By a process that is killed: it leaves no more behind than one that ends. */
  @BeforeAll
  static void fillACacheFolder() throws Exception {
    filled = shared.resolve("cache");
    first = end(shared, start(shared, filled, "halted", List.of("-Dprobe.halt=true")), "halted");
  }

  @Test
  void theLibraryIsUnpackedOnceIntoTheCacheFolder() throws Exception {
    List<Path> files = files(filled);
    List<Object> times = times(files);

    Probe second = probe(filled, "-Dprobe.halt=true");

    assertThat(files)
        .extracting(file -> file.getFileName().toString())
        .containsExactlyInAnyOrder("libonnxruntime.so", "libonnxruntime4j_jni.so");
    assertThat(first.output()).contains("first: {\"predictions\":");
    assertThat(first.loaded()).isNotEmpty().allMatch(path -> path.startsWith(filled));
    assertThat(second.output()).contains("first: {\"predictions\":");
    assertThat(second.loaded()).containsExactlyInAnyOrderElementsOf(first.loaded());
    assertThat(files(filled)).isEqualTo(files);
    assertThat(times(files)).isEqualTo(times);
    assertThat(temporaryFolder(shared, "halted")).isEmptyDirectory();
    assertThat(temporaryFolder(folder, "probe")).isEmptyDirectory();
  }

  @Test
  void whatAKilledProcessLeftIsDeletedAndALibraryThatIsNotWholeReplaced() throws Exception {
    Path cache = filledCache();
    Path library = files(cache).get(0);
    Path old = Files.createFile(library.resolveSibling("old.part"));
    Path recent = Files.createFile(library.resolveSibling("recent.part"));
    Files.setLastModifiedTime(old, FileTime.fromMillis(0));
    Files.write(library, new byte[] {1});

    Probe again = probe(cache);

    assertThat(old).doesNotExist();
    assertThat(recent).exists();
    assertThat(again.loaded()).isNotEmpty().allMatch(path -> path.startsWith(cache));
    assertThat(Files.size(library)).isGreaterThan(1);
  }

  @Test
  void withoutACacheFolderTheLibraryIsLoadedAllTheSame() throws Exception {
    Path cache = Files.createFile(folder.resolve("cache"));

    Probe halted = probe(cache, "-Dprobe.halt=true");

    assertThat(halted.output())
        .contains("first: {\"predictions\":")
        .containsOnlyOnce("cannot be cached in " + cache);
    assertThat(halted.loaded())
        .isNotEmpty()
        .allMatch(path -> path.startsWith(temporaryFolder(folder, "probe")));
    assertThat(temporaryFolder(folder, "probe")).isEmptyDirectory();
  }

  @Test
  void aFolderThatTheUserNamesIsUsed() throws Exception {
    Path own = Files.createDirectory(folder.resolve("own"));
    for (Path library : files(filled)) {
      Files.copy(library, own.resolve(library.getFileName()));
    }

    Probe probe = probe(folder.resolve("other"), "-Donnxruntime.native.path=" + own);

    assertThat(probe.loaded()).isNotEmpty().allMatch(path -> path.startsWith(own));
    assertThat(folder.resolve("other")).doesNotExist();
  }

  @Test
  void aProcessThatEndsWhileModelsAreLoadedEndsWell() throws Exception {
    Probe probe = probe(filled, "-Dprobe.busy=true");

    assertThat(probe.output())
        .contains("draining")
        .doesNotContain("cannot be kept alive at shutdown");
  }

  private Path filledCache() throws IOException {
    Path cache = folder.resolve("cache");
    for (Path library : files(filled)) {
      Path copy = cache.resolve(filled.relativize(library));
      Files.createDirectories(copy.getParent());
      Files.copy(library, copy);
    }
    return cache;
  }

  private Probe probe(Path cache, String... options) throws Exception {
    return end(folder, start(folder, cache, "probe", List.of(options)), "probe");
  }

  private static Process start(Path folder, Path cache, String name, List<String> options)
      throws IOException {
    List<String> command = TestJvm.command(TestJvm.classPath());
    command.add("-Xmx256m");
    command.add("-Djava.io.tmpdir=" + Files.createDirectories(temporaryFolder(folder, name)));
    command.addAll(options);
    command.addAll(List.of(ProbeMain.class.getName(), cache.toString()));
    return new ProcessBuilder(command)
        .redirectErrorStream(true)
        .redirectOutput(folder.resolve(name + ".log").toFile())
        .start();
  }

  private static Probe end(Path folder, Process process, String name) throws Exception {
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
    return new Probe(output, loaded);
  }

  private static Path temporaryFolder(Path folder, String name) {
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

  private record Probe(String output, List<Path> loaded) {}

  /** Runs a model, and prints the libraries of ONNX Runtime that are loaded. */
  static final class ProbeMain {
    private ProbeMain() {}

    public static void main(String[] arguments) throws Exception {
      String model = Models.path("iris_lr.onnx").toString();
      System.out.println("first: " + answer(arguments[0], model));
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
      CountDownLatch loading = new CountDownLatch(5);
      CountDownLatch draining = new CountDownLatch(40);
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
