package io.fairlead.engine.internal.natives;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import ai.djl.huggingface.tokenizers.HuggingFaceTokenizer;
import ai.djl.util.Platform;
import com.esotericsoftware.kryo.KryoSerializable;
import com.sun.jna.Native;
import io.fairlead.engine.AwaitedFile;
import io.fairlead.engine.TestJvm;
import io.fairlead.engine.internal.Engine;
import io.fairlead.engine.internal.Models;
import io.fairlead.engine.internal.run.LeasedModel;
import io.fairlead.grammar.ModelArtifact;
import io.fairlead.platform.Request;
import io.github.metarank.lightgbm4j.LGBMBooster;
import java.io.File;
import java.io.IOException;
import java.lang.reflect.InvocationTargetException;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Stream;
import ml.dmlc.xgboost4j.java.Booster;
import org.apache.commons.logging.LogFactory;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/**
 * Processes and class loaders that load native libraries, each in a JVM of its own.
 *
 * <p>A JVM costs more than what it is asked, so each runs all runtimes that its question is about.
 */
@EnabledOnOs(OS.LINUX)
final class NativeProcessTest {
  private static final List<String> EACH = List.of("lightgbm", "xgboost", "text", "onnx");
  private static final String[] ANSWERS =
      EACH.stream().map(what -> what + ": answered").toArray(String[]::new);
  private static final String CLASS_PATH = TestJvm.classPath(
      HuggingFaceTokenizer.class,
      Platform.class,
      Native.class,
      LGBMBooster.class,
      Booster.class,
      KryoSerializable.class,
      LogFactory.class);

  @TempDir
  private static Path shared;

  /** What the process that was killed had left, before the first that ran all runtimes. */
  private static List<Path> orphans;

  private static String orphansMaker;
  private static String first;

  @TempDir
  Path folder;

  @BeforeAll
  static void fillACacheFolder() throws Exception {
    Path words = Files.createDirectory(shared.resolve("words"));
    Models.write(words, "model.onnx", Models.hidden());
    Files.writeString(words.resolve("tokenizer.json"), Models.tokenizerOfSomeWords());

    orphansMaker = run(shared, "halt");
    orphans = left(shared.resolve("cache"));
    for (Path orphan : orphans) {
      Files.setLastModifiedTime(orphan, FileTime.from(Instant.now().minusSeconds(3600)));
    }
    first = run(shared, each());
  }

  /**
   * Two fill the cache folder at once, and a third loads while they compute, which crashes those whose library is
   * written anew.
   */
  @Test
  void processesThatRunTogetherDoNotCrashEachOther() throws Exception {
    Path sign = folder.resolve("sign");
    List<Process> processes = new ArrayList<>(List.of(computing("a", sign), computing("b", sign)));
    awaitLoaded(processes);
    processes.add(computing("c", sign));
    awaitLoaded(processes);
    Files.createFile(sign);

    for (int i = 0; i < processes.size(); i++) {
      String output = end(folder, processes.get(i), name(i));
      assertThat(output).contains(ANSWERS);
      assertThat(output.lines().filter(line -> line.matches("loaded: .*/lib(onnx|tokenizers).*")))
          .hasSize(3)
          .allMatch(line -> line.startsWith("loaded: " + folder.resolve("cache")));
    }
    assertThat(libraries(folder.resolve("cache"))).hasSize(3);
    assertThat(left(folder.resolve("cache"))).isEmpty();
    assertThat(left(folder.resolve("tmp"))).isEmpty();
  }

  private Process computing(String name, Path sign) throws IOException {
    return start(
        folder, List.of(), name, "until", sign.toString(), folder.resolve(name).toString());
  }

  private void awaitLoaded(List<Process> processes) throws Exception {
    for (int i = 0; i < processes.size(); i++) {
      AwaitedFile.await(folder.resolve(name(i)), processes.get(i)::isAlive);
    }
  }

  private static String name(int process) {
    return String.valueOf((char) ('a' + process));
  }

  /** Two at once, and another when these have been closed. */
  @Test
  void eachClassLoaderOfAJvmRunsEveryRuntime() throws Exception {
    String output = run(folder, "loaders");

    for (String loader : List.of("at once 1", "at once 2", "afterwards")) {
      for (String what : EACH) {
        assertThat(output).contains(loader + ", " + what + ": answered\n");
      }
    }
    assertThat(output).containsPattern("loaded: " + folder.resolve("cache") + ".*/libonnxruntime");
    assertThat(left(folder.resolve("cache"))).isEmpty();
    assertThat(left(folder.resolve("tmp"))).isEmpty();
  }

  /** Without the settings they load, as above. */
  @Test
  void aFileThatAClassLoaderHasLoadedIsRefusedWithWhatToDo() throws Exception {
    String output = run(
        folder,
        "named",
        library("libonnxruntime.so").getParent().toString(),
        library("libtokenizers.so").toString());

    String refusal = " .* which another class loader of this JVM has loaded \\(.*\\): take away the"
        + " setting that names this file, so that each class loader gets a copy of its own\\.";
    assertThat(output)
        .contains("first, text: answered\n")
        .containsPattern("second, text: The tokenizer" + refusal)
        .containsPattern("third, onnx: ONNX Runtime" + refusal);
  }

  private static Path library(String name) throws IOException {
    return libraries(shared.resolve("cache")).stream()
        .filter(file -> file.endsWith(name))
        .findFirst()
        .orElseThrow();
  }

  @Test
  void theTemporaryFolderIsAsItWas() {
    assertThat(first)
        .contains(ANSWERS)
        .contains("setting: " + shared.resolve("tmp") + "\n")
        .contains("file: " + shared.resolve("tmp") + "\n")
        .contains("path: " + shared.resolve("tmp") + "\n");
    assertThat(shared.resolve("tmp")).isEmptyDirectory();
  }

  @Test
  void whatAKilledProcessLeftIsDeletedByTheNextOne() throws Exception {
    assertThat(orphans).as(orphansMaker).hasSize(1);
    assertThat(orphansMaker).contains("rwx------");

    assertThat(left(shared.resolve("cache"))).isEmpty();
  }

  @Test
  void aCacheFolderThatOthersMayChangeIsNotLoadedFrom() throws Exception {
    Path cache = Files.createDirectory(folder.resolve("cache"));
    Files.setPosixFilePermissions(cache, PosixFilePermissions.fromString("rwxrwxrwx"));

    String output = run(folder, each());

    assertThat(output)
        .contains(ANSWERS)
        .contains("Other users may change " + cache)
        .doesNotContain("loaded: " + cache);
    assertThat(left(folder.resolve("tmp"))).isEmpty();
  }

  /** A folder that others could write to, or a link, is not what was unpacked by this user. */
  @Test
  void aKeptFolderThatOthersMayChangeIsNotLoadedFrom() throws Exception {
    Path cache = Files.createDirectory(folder.resolve("cache"));
    Path planted = Files.createDirectory(folder.resolve("planted"));
    Path linked = Files.createSymbolicLink(cache.resolve("djl"), planted);
    Path writable = Files.createDirectory(
        cache.resolve(library("libonnxruntime.so").getParent().getFileName()));
    Files.setPosixFilePermissions(writable, PosixFilePermissions.fromString("rwxrwxr-x"));

    String output = run(folder, "once", "text");

    assertThat(output)
        .contains("text: answered")
        .contains("Other users may change " + linked)
        .contains("Other users may change " + writable);
    assertThat(planted).isEmptyDirectory();
    assertThat(writable).isEmptyDirectory();
    assertThat(left(cache)).isEmpty();
  }

  @Test
  void aCacheFolderThatAllowsNoExecutablesIsNotLoadedFrom() throws Exception {
    Path cache = Files.createDirectory(folder.resolve("cache"));
    String mount = "mount -t tmpfs -o noexec,mode=755 none " + cache;
    String output = runWithMount(mount, each());

    assertThat(output).contains(ANSWERS);
    assertThat(left(folder.resolve("tmp"))).isEmpty();
  }

  @Test
  void aTemporaryFolderThatAllowsNoExecutablesIsNotNeeded() throws Exception {
    Path temporary = Files.createDirectories(folder.resolve("tmp"));
    String mount = "mount -t tmpfs -o noexec,mode=1777 none " + temporary;
    String output = runWithMount(mount, each());

    assertThat(output).contains(ANSWERS);
  }

  /** As in the image of a container, whose cache was filled when it was made. */
  @Test
  void aFilledCacheFolderThatCannotBeWrittenIsLoadedFrom() throws Exception {
    Path filled = shared.resolve("cache");
    Path cache = Files.createDirectory(folder.resolve("cache"));
    String mount = "mount --bind " + filled + " " + cache + " && mount -o remount,bind,ro " + cache;
    String output = runWithMount(mount, "once", "onnx");

    assertThat(output)
        .contains("onnx: answered")
        .contains("loaded: " + cache)
        .doesNotContain("cannot be cached");
  }

  private static List<Path> left(Path folder) throws IOException {
    if (!Files.exists(folder)) {
      return List.of();
    }
    try (Stream<Path> files = Files.list(folder)) {
      return files
          .filter(file -> file.getFileName()
              .toString()
              .matches("(fairlead-natives|onnxruntime-java|libxgboost|lib_lightgbm).*"))
          .toList();
    }
  }

  /** {@return the libraries that are kept in a cache folder, and what is on its way to become one} */
  private static List<Path> libraries(Path cache) throws IOException {
    try (Stream<Path> files = Files.walk(cache)) {
      return files.filter(file -> file.getFileName().toString().contains(".so")).toList();
    }
  }

  private static String[] each() {
    return Stream.concat(Stream.of("once"), EACH.stream()).toArray(String[]::new);
  }

  private static String run(Path folder, String... arguments) throws Exception {
    return end(folder, start(folder, List.of(), "p", arguments), "p");
  }

  /** {@return the output of a process for which a file system is mounted; the test ends where that is not allowed} */
  private String runWithMount(String mount, String... arguments) throws Exception {
    assumeTrue(
        new ProcessBuilder("unshare", "-m", "sh", "-c", mount).start().waitFor() == 0,
        "file systems can be mounted");
    List<String> within = List.of("unshare", "-m", "sh", "-c", mount + " && exec \"$@\"", "sh");
    return end(folder, start(folder, within, "p", arguments), "p");
  }

  private static Process start(Path folder, List<String> within, String name, String... arguments)
      throws IOException {
    List<String> command = new ArrayList<>(within);
    command.addAll(TestJvm.command(CLASS_PATH));
    command.add("-Xmx256m");
    command.add("-Djava.io.tmpdir=" + Files.createDirectories(folder.resolve("tmp")));
    command.add("-Dwords=" + shared.resolve("words/model.onnx"));
    command.add(Main.class.getName());
    command.add(folder.resolve("cache").toString());
    command.addAll(List.of(arguments));
    return new ProcessBuilder(command)
        .redirectErrorStream(true)
        .redirectOutput(folder.resolve(name + ".log").toFile())
        .start();
  }

  private static String end(Path folder, Process process, String name) throws Exception {
    boolean ended = process.waitFor(60, TimeUnit.SECONDS);
    process.destroyForcibly();
    String output = Files.readString(folder.resolve(name + ".log"), UTF_8);
    assertThat(ended).as(output).isTrue();
    assertThat(process.exitValue()).as(output).isZero();
    return output;
  }

  /** Runs models as it is told to. */
  static final class Main {
    private Main() {}

    public static void main(String[] arguments) throws Exception {
      Path cache = Path.of(arguments[0]);
      switch (arguments[1]) {
        case "once" -> {
          for (String what : List.of(arguments).subList(2, arguments.length)) {
            System.out.println(what + ": " + answer(arguments[0], what));
          }
        }
        case "until" -> until(cache, Path.of(arguments[2]), Path.of(arguments[3]));
        case "loaders" -> loaders(arguments[0]);
        case "named" -> named(arguments[0], arguments[2], arguments[3]);
        default -> {
          Files.createDirectories(cache);
          NativeFolder own = NativeFolder.privately(cache);
          System.out.println(
              PosixFilePermissions.toString(Files.getPosixFilePermissions(own.path())));
          Runtime.getRuntime().halt(0);
        }
      }
      printTemporaryFolder();
      try (Stream<String> maps = Files.lines(Path.of("/proc/self/maps"))) {
        maps.filter(line -> line.contains(".so") && line.contains("/"))
            .map(line -> line.substring(line.indexOf('/')))
            .distinct()
            .forEach(path -> System.out.println("loaded: " + path));
      }
    }

    private static void printTemporaryFolder() throws IOException {
      System.out.println("setting: " + System.getProperty("java.io.tmpdir"));
      File file = File.createTempFile("made", null);
      System.out.println("file: " + file.getParent());
      Files.delete(file.toPath());
      Path path = Files.createTempFile("made", null);
      System.out.println("path: " + path.getParent());
      Files.delete(path);
    }

    private static void until(Path cache, Path sign, Path loaded) throws IOException {
      List<LeasedModel> models = new ArrayList<>();
      List<String> answers = new ArrayList<>();
      try (Engine engine = engine(cache)) {
        for (String what : EACH) {
          models.add(engine.load(artifact(what)));
          answers.add(models.get(models.size() - 1).invoke(request(what)).text());
          System.out.println(what + ": answered");
        }
        Files.createFile(loaded);
        do {
          for (int i = 0; i < models.size(); i++) {
            String answer = models.get(i).invoke(request(EACH.get(i))).text();
            if (!answer.equals(answers.get(i))) {
              throw new IllegalStateException("another answer");
            }
          }
          // Leaves the others the processor; to write a library takes longer.
          LockSupport.parkNanos(1_000_000);
        } while (Files.notExists(sign));
      }
    }

    private static void loaders(String cache) throws Exception {
      List<Thread> threads = new ArrayList<>();
      for (String name : List.of("at once 1", "at once 2")) {
        threads.add(new Thread(() -> ask(name, cache, EACH)));
      }
      threads.forEach(Thread::start);
      for (Thread thread : threads) {
        thread.join();
      }
      ask("afterwards", cache, EACH);
    }

    private static void named(String cache, String onnx, String text) {
      System.setProperty("RUST_LIBRARY_PATH", text);
      System.setProperty("onnxruntime.native.path", onnx);
      ask("first", cache, List.of("text"));
      System.clearProperty("onnxruntime.native.path");
      ask("second", cache, List.of("text"));
      System.setProperty("onnxruntime.native.path", onnx);
      ask("third", cache, List.of("onnx"));
    }

    /** Asks models in a class loader of their own, which is closed afterwards. */
    private static void ask(String name, String cache, List<String> each) {
      try (URLClassLoader loader = loader()) {
        for (String what : each) {
          System.out.println(name + ", " + what + ": " + answer(loader, cache, what));
        }
      } catch (IOException e) {
        throw new IllegalStateException(e);
      }
    }

    private static URLClassLoader loader() throws IOException {
      List<URL> urls = new ArrayList<>();
      for (String entry : System.getProperty("java.class.path").split(File.pathSeparator, -1)) {
        urls.add(Path.of(entry).toUri().toURL());
      }
      return new URLClassLoader(urls.toArray(URL[]::new), ClassLoader.getPlatformClassLoader());
    }

    private static String answer(ClassLoader loader, String cache, String what) {
      try {
        Class<?> main = loader.loadClass(Main.class.getName());
        var answer = main.getDeclaredMethod("answer", String.class, String.class);
        answer.setAccessible(true);
        return (String) answer.invoke(null, cache, what);
      } catch (InvocationTargetException e) {
        return e.getCause().getMessage();
      } catch (ReflectiveOperationException e) {
        throw new IllegalStateException(e);
      }
    }

    static String answer(String cache, String what) {
      try (Engine engine = engine(Path.of(cache));
          LeasedModel model = engine.load(artifact(what))) {
        String answer = model.invoke(request(what)).text();
        return answer.matches("\\[\\[.*|\\{\"predictions\":\\[.*") ? "answered" : answer;
      }
    }

    private static Engine engine(Path cache) {
      return new Engine("local", Map.of(), cache, 0, Main.class.getClassLoader());
    }

    private static ModelArtifact artifact(String what) {
      return switch (what) {
        case "text" -> ModelArtifact.of(Path.of(System.getProperty("words")));
        case "lightgbm" -> Models.artifact("lgbm.txt");
        case "xgboost" -> Models.artifact("iris_xgb.ubj");
        default -> Models.artifact("iris_lr.onnx");
      };
    }

    private static Request request(String what) {
      return what.equals("text")
          ? Request.json("{\"inputs\": \"some words\"}")
          : Request.json("{\"instances\": [[5.1, 3.5, 1.4, 0.2]]}");
    }
  }
}
