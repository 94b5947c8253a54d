package io.fairlead.engine.internal.onnx;

import static java.nio.charset.StandardCharsets.UTF_8;
import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;

import io.fairlead.engine.TestJvm;
import io.fairlead.engine.internal.Engine;
import io.fairlead.engine.internal.Models;
import io.fairlead.engine.internal.file.DiskCache;
import io.fairlead.engine.internal.run.LeasedModel;
import io.fairlead.grammar.ModelArtifact;
import io.fairlead.platform.Request;
import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardWatchEventKinds;
import java.nio.file.WatchService;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** What only a process of its own shows: its memory, and what it leaves when it is killed. */
@EnabledOnOs(OS.LINUX)
final class OnnxProcessTest {
  /** Only so that a process that hangs is ended. */
  private static final long LIMIT_MINUTES = 5;

  @TempDir
  Path folder;

  @Test
  void aModelThatWasUnloadedGivesItsMemoryBack() throws Exception {
    try (InputStream minilm = requireNonNull(
        getClass().getClassLoader().getResourceAsStream("all-minilm-l6-v2-q.onnx"))) {
      Files.copy(minilm, Files.createDirectories(folder.resolve("cache")).resolve("minilm.onnx"));
    }

    // With a heap that does not grow.
    String output = run(List.of("-Xms64m", "-Xmx64m", "-XX:+AlwaysPreTouch"), "memory");

    long begin = kilobytes(output, "begin");
    assertThat(kilobytes(output, "loaded")).isGreaterThan(begin + 20_000);
    assertThat(kilobytes(output, "end")).isLessThan(begin + 40_000);
  }

  @Test
  void aProcessThatIsKilledWhileItKeepsAModelLeavesNothingThatIsTakenForIt() throws Exception {
    run(List.of("-Xmx256m"), "once");
    Path models = folder.resolve("cache").resolve("models");
    Path whole = files(models).stream()
        .filter(file -> file.toString().endsWith(".ort"))
        .findFirst()
        .orElseThrow();
    Files.move(whole, folder.resolve("cache").resolve("whole"));

    run(List.of("-Xmx256m"), "halt", whole.getFileName().toString());
    List<Path> left = files(models);
    String again = run(List.of("-Xmx256m"), "once");

    assertThat(left)
        .singleElement()
        .satisfies(file -> assertThat(file.toString()).endsWith(".part"))
        .satisfies(file -> assertThat(file).isNotEmptyFile());
    assertThat(again).contains("once: {");
    assertThat(files(models)).contains(whole).hasSize(2);
    assertThat(files(folder.resolve("tmp"))).isEmpty();
  }

  private String run(List<String> options, String what, String... more) throws Exception {
    List<String> command = TestJvm.command(TestJvm.classPath());
    command.addAll(options);
    command.add("-Djava.io.tmpdir=" + Files.createDirectories(folder.resolve("tmp")));
    command.add(Main.class.getName());
    command.add(what);
    command.add(folder.resolve("cache").toString());
    command.addAll(List.of(more));
    File log = folder.resolve(what + ".log").toFile();
    Process process = new ProcessBuilder(command)
        .redirectErrorStream(true)
        .redirectOutput(log)
        .start();
    boolean ended = process.waitFor(LIMIT_MINUTES, TimeUnit.MINUTES);
    process.destroyForcibly();
    assertThat(ended).isTrue();
    String output = Files.readString(log.toPath(), UTF_8);
    assertThat(process.exitValue()).as(output).isZero();
    return output;
  }

  private static long kilobytes(String output, String name) {
    return output
        .lines()
        .filter(line -> line.startsWith(name + ": "))
        .mapToLong(line -> Long.parseLong(line.substring(name.length() + 2)))
        .findFirst()
        .orElseThrow(() -> new AssertionError(output));
  }

  private static List<Path> files(Path folder) {
    try (Stream<Path> files = Files.walk(folder)) {
      return files
          .filter(Files::isRegularFile)
          .filter(file -> !file.toString().contains("hsperfdata"))
          .toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Uses an engine as it is told to. */
  static final class Main {
    private Main() {}

    public static void main(String[] arguments) throws Exception {
      Path cache = Path.of(arguments[1]);
      try (Engine engine = new Engine("local", Map.of(), cache, Main.class.getClassLoader())) {
        switch (arguments[0]) {
          case "memory" -> memory(engine, cache.resolve("minilm.onnx"));
          case "halt" -> haltWhileKeeping(arguments[2], cache);
          default -> once(engine, Files.createDirectories(cache.resolve("models")));
        }
      }
    }

    /** Answers, and waits until the model is kept: a process that ends does not wait for long. */
    private static void once(Engine engine, Path models) throws IOException, InterruptedException {
      try (WatchService watch = models.getFileSystem().newWatchService()) {
        models.register(watch, StandardWatchEventKinds.ENTRY_CREATE);
        System.out.println("once: "
            + engine
                .load(Models.artifact("digits.onnx"))
                .invoke(Request.json(Models.digitRequest()))
                .text());
        while (!isKept(models)) {
          watch.take().reset();
        }
      }
    }

    /** By the names alone: a file is renamed meanwhile, and to look at the old one would fail. */
    private static boolean isKept(Path models) throws IOException {
      try (Stream<Path> files = Files.list(models)) {
        return files.anyMatch(file -> file.toString().endsWith(".ort"));
      }
    }

    /** Ends inside the writing itself: a process that looks at the file from outside may be too late. */
    private static void haltWhileKeeping(String name, Path cache) {
      new OnnxCache(new DiskCache(cache.resolve("models"), Long.MAX_VALUE)).keep(name, part -> {
        byte[] whole = Files.readAllBytes(cache.resolve("whole"));
        Files.write(part, Arrays.copyOf(whole, whole.length / 2));
        Runtime.getRuntime().halt(0);
      });
    }

    private static void memory(Engine engine, Path minilm) throws IOException {
      // What the runtime and the JVM take once, they keep.
      engine.load(Models.artifact("iris_rf.onnx")).invoke(Request.json(Models.IRIS_REQUEST));
      long begin = resident();
      System.out.println("begin: " + begin);
      LeasedModel model = engine.load(ModelArtifact.of(minilm));
      model.invoke(Request.json(tokens(8, 128)));
      System.out.println("loaded: " + resident());
      model.close();
      long end = System.nanoTime() + Duration.ofSeconds(20).toNanos();
      long now = resident();
      while (now > begin + 40_000 && System.nanoTime() < end) {
        LockSupport.parkNanos(20_000_000);
        now = resident();
      }
      System.out.println("end: " + now);
    }

    private static String tokens(int rows, int length) {
      String data = "1" + ",1".repeat(rows * length - 1);
      return Stream.of("input_ids", "attention_mask", "token_type_ids")
          .map(name -> "{\"name\": \"" + name + "\", \"shape\": [" + rows + "," + length
              + "], \"datatype\": \"INT64\", \"data\": [" + data + "]}")
          .collect(Collectors.joining(",", "{\"inputs\": [", "]}"));
    }

    private static long resident() throws IOException {
      try (Stream<String> lines = Files.lines(Path.of("/proc/self/status"))) {
        return lines
            .filter(line -> line.startsWith("VmRSS:"))
            .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")))
            .findFirst()
            .orElseThrow();
      }
    }
  }
}
