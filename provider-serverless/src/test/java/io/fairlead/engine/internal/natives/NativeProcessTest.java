package io.fairlead.engine.internal.natives;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.fairlead.engine.AwaitedFile;
import io.fairlead.engine.internal.Engine;
import io.fairlead.engine.internal.Models;
import io.fairlead.engine.internal.run.LeasedModel;
import io.fairlead.grammar.ModelArtifact;
import io.fairlead.platform.Request;
import java.io.File;
import java.io.IOException;
import java.lang.reflect.InvocationTargetException;
import java.net.URI;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Processes and class loaders that load native libraries, each in a JVM of its own. */
@EnabledOnOs(OS.LINUX)
final class NativeProcessTest {
  private static final int ROUNDS = 2;
  private static final int AT_ONCE = 4;
  private static final List<String> EACH = List.of("lightgbm", "xgboost", "onnx", "text");
  private static final String[] ANSWERS =
      EACH.stream().map(what -> what + ": answered").toArray(String[]::new);

  @TempDir
  Path folder;

  /** Each goes on computing until all have loaded, which crashes one whose library is written anew. */
  @ParameterizedTest
  @ValueSource(strings = {"lightgbm", "xgboost", "text"})
  void processesThatStartTogetherDoNotCrashEachOther(String what) throws Exception {
    int rounds = what.equals("lightgbm") ? ROUNDS : 1;
    for (int round = 0; round < rounds; round++) {
      Path sign = folder.resolve("sign-" + round);
      List<Process> processes = new ArrayList<>();
      for (int i = 0; i < AT_ONCE; i++) {
        String name = round + "-" + i;
        processes.add(
            start(name, "until", what, sign.toString(), folder.resolve(name).toString()));
      }
      for (int i = 0; i < AT_ONCE; i++) {
        AwaitedFile.await(folder.resolve(round + "-" + i), processes.get(i)::isAlive);
      }
      Files.createFile(sign);
      for (int i = 0; i < AT_ONCE; i++) {
        assertThat(end(processes.get(i), round + "-" + i)).contains("answered");
      }
    }
    assertThat(left(folder.resolve("cache"))).isEmpty();
    assertThat(left(folder.resolve("tmp"))).isEmpty();
  }

  @Test
  void eachClassLoaderOfAJvmRunsEveryRuntime() throws Exception {
    String output = run("loaders");

    for (int loader = 0; loader < 3; loader++) {
      for (String what : List.of("text", "lightgbm", "xgboost", "onnx")) {
        assertThat(output).contains("loader " + loader + ", " + what + ": answered");
      }
    }
    assertThat(left(folder.resolve("cache"))).isEmpty();
    assertThat(left(folder.resolve("tmp"))).isEmpty();
  }

  /** Without the setting they load, as above. */
  @ParameterizedTest
  @CsvSource({"onnx, onnxruntime.native.path", "text, RUST_LIBRARY_PATH"})
  void aFileThatAClassLoaderHasLoadedIsRefusedWithWhatToDo(String what, String setting)
      throws Exception {
    run("once", what);
    Path library;
    try (Stream<Path> files = Files.walk(folder.resolve("cache"))) {
      library = files
          .filter(file ->
              file.toString().matches(".*/lib(onnxruntime|tokenizers)\\.so") && fits(file, what))
          .findFirst()
          .orElseThrow();
    }

    String output = run("named", what, setting, library.toString());

    assertThat(output)
        .contains("first: answered")
        .containsPattern(
            "second: .* which another class loader of this JVM has loaded \\(.*\\): take away the"
                + " setting that names this file, so that each class loader gets a copy of its own\\.");
  }

  private static boolean fits(Path file, String what) {
    return file.toString().endsWith("libtokenizers.so") == what.equals("text");
  }

  @Test
  void classLoadersThatLoadAtOnceDoNotDisturbEachOther() throws Exception {
    String output = run("parallel");

    assertThat(output).contains("all 4 answered");
  }

  @Test
  void theTemporaryFolderIsAsItWas() throws Exception {
    String output = run("temporary");

    assertThat(output)
        .contains("setting: " + folder.resolve("tmp") + "\n")
        .contains("file: " + folder.resolve("tmp") + "\n")
        .contains("path: " + folder.resolve("tmp") + "\n");
  }

  @Test
  void whatAKilledProcessLeftIsDeletedByTheNextOne() throws Exception {
    String output = run("halt");
    List<Path> orphans = left(folder.resolve("cache"));
    assertThat(orphans).as(output).hasSize(1);
    assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(orphans.get(0))))
        .isEqualTo("rwx------");
    Files.setLastModifiedTime(orphans.get(0), FileTime.from(Instant.now().minusSeconds(3600)));

    run("once", "lightgbm");

    assertThat(left(folder.resolve("cache"))).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(strings = {"lightgbm", "xgboost", "text", "onnx"})
  void aCacheFolderThatOthersMayChangeIsNotLoadedFrom(String what) throws Exception {
    Path cache = Files.createDirectory(folder.resolve("cache"));
    Files.setPosixFilePermissions(cache, PosixFilePermissions.fromString("rwxrwxrwx"));

    String output = run("once", what);

    assertThat(output)
        .contains("answered")
        .contains("Other users may change " + cache)
        .doesNotContain("loaded: " + cache);
    assertThat(left(folder.resolve("tmp"))).isEmpty();
  }

  /** A folder that others could write to, or a link, is not what was unpacked by this user. */
  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void aKeptFolderThatOthersMayChangeIsNotLoadedFrom(boolean isLink) throws Exception {
    Path kept = Files.createDirectories(folder.resolve("cache")).resolve("djl");
    Path planted = isLink ? Files.createDirectory(folder.resolve("planted")) : kept;
    if (isLink) {
      Files.createSymbolicLink(kept, planted);
    } else {
      Files.createDirectory(kept);
      Files.setPosixFilePermissions(kept, PosixFilePermissions.fromString("rwxrwxr-x"));
    }

    String output = run("once", "text");

    assertThat(output).contains("answered").contains("Other users may change " + kept);
    assertThat(planted).isEmptyDirectory();
    assertThat(left(folder.resolve("cache"))).isEmpty();
  }

  @Test
  void aCacheFolderThatAllowsNoExecutablesIsNotLoadedFrom() throws Exception {
    Path cache = Files.createDirectory(folder.resolve("cache"));
    String mount = "mount -t tmpfs -o noexec,mode=755 none " + cache;
    String output = runWithMount(mount, EACH);

    assertThat(output).contains(ANSWERS);
    assertThat(left(folder.resolve("tmp"))).isEmpty();
  }

  @Test
  void aTemporaryFolderThatAllowsNoExecutablesIsNotNeeded() throws Exception {
    Path temporary = Files.createDirectories(folder.resolve("tmp"));
    String mount = "mount -t tmpfs -o noexec,mode=1777 none " + temporary;
    String output = runWithMount(mount, EACH);

    assertThat(output).contains(ANSWERS);
  }

  /** As in the image of a container, whose cache was filled when it was made. */
  @Test
  void aFilledCacheFolderThatCannotBeWrittenIsLoadedFrom() throws Exception {
    Path cache = Files.createDirectory(folder.resolve("cache"));
    run("once", "onnx");
    String mount = "mount --bind " + cache + " " + cache + " && mount -o remount,bind,ro " + cache;
    String output = runWithMount(mount, List.of("onnx"));

    assertThat(output)
        .contains("answered")
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

  private String run(String... arguments) throws Exception {
    return end(start(List.of(), "p", arguments), "p");
  }

  /** {@return the output of a process for which a file system is mounted; the test ends where that is not allowed} */
  private String runWithMount(String mount, List<String> each) throws Exception {
    assumeTrue(
        new ProcessBuilder("unshare", "-m", "sh", "-c", mount).start().waitFor() == 0,
        "file systems can be mounted");
    List<String> within = List.of("unshare", "-m", "sh", "-c", mount + " && exec \"$@\"", "sh");
    List<String> arguments = new ArrayList<>(List.of("once"));
    arguments.addAll(each);
    return end(start(within, "p", arguments.toArray(String[]::new)), "p");
  }

  private Process start(String name, String... arguments) throws IOException {
    return start(List.of(), name, arguments);
  }

  private Process start(List<String> within, String name, String... arguments) throws IOException {
    List<String> command = new ArrayList<>(within);
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.add("-Xmx256m");
    command.add("-XX:TieredStopAtLevel=1");
    command.add("-Djava.io.tmpdir=" + Files.createDirectories(folder.resolve("tmp")));
    command.add("-cp");
    command.add(System.getProperty("java.class.path"));
    command.add(Main.class.getName());
    command.add(folder.resolve("cache").toString());
    command.addAll(List.of(arguments));
    return new ProcessBuilder(command)
        .redirectErrorStream(true)
        .redirectOutput(folder.resolve(name + ".log").toFile())
        .start();
  }

  private String end(Process process, String name) throws Exception {
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
        case "until" -> until(cache, arguments[2], Path.of(arguments[3]), Path.of(arguments[4]));
        case "loaders" -> loaders(arguments[0]);
        case "named" -> {
          Path file = Path.of(arguments[4]);
          System.setProperty(
              arguments[3],
              arguments[2].equals("onnx") ? file.getParent().toString() : file.toString());
          System.out.println("first: " + answer(loader(), arguments[0], arguments[2]));
          System.out.println("second: " + answer(loader(), arguments[0], arguments[2]));
        }
        case "parallel" -> parallel(arguments[0]);
        case "temporary" -> {
          System.out.println(answer(arguments[0], "lightgbm"));
          System.out.println("setting: " + System.getProperty("java.io.tmpdir"));
          System.out.println("file: " + File.createTempFile("made", null).getParent());
          System.out.println("path: " + Files.createTempFile("made", null).getParent());
        }
        default -> {
          Files.createDirectories(cache);
          NativeFolder.privately(cache);
          Runtime.getRuntime().halt(0);
        }
      }
      try (Stream<String> maps = Files.lines(Path.of("/proc/self/maps"))) {
        maps.filter(line -> line.contains(".so") && line.contains("/"))
            .map(line -> line.substring(line.indexOf('/')))
            .distinct()
            .forEach(path -> System.out.println("loaded: " + path));
      }
    }

    private static void until(Path cache, String what, Path sign, Path loaded) throws IOException {
      try (Engine engine = engine(cache);
          LeasedModel model = engine.load(artifact(what))) {
        String expected = model.invoke(request(what)).text();
        Files.createFile(loaded);
        do {
          if (!model.invoke(request(what)).text().equals(expected)) {
            throw new IllegalStateException("another answer");
          }
        } while (Files.notExists(sign));
      }
      System.out.println("answered");
    }

    private static void loaders(String cache) throws Exception {
      for (int i = 0; i < 3; i++) {
        try (URLClassLoader loader = loader()) {
          for (String what : List.of("text", "lightgbm", "xgboost", "onnx")) {
            System.out.println("loader " + i + ", " + what + ": " + answer(loader, cache, what));
          }
        }
      }
    }

    private static void parallel(String cache) throws Exception {
      List<Thread> threads = new ArrayList<>();
      List<String> answers = Collections.synchronizedList(new ArrayList<>());
      for (int i = 0; i < 4; i++) {
        URLClassLoader loader = loader();
        Thread thread = new Thread(() -> {
          for (String what : List.of("lightgbm", "onnx", "text", "xgboost")) {
            answers.add(answer(loader, cache, what));
          }
        });
        thread.start();
        threads.add(thread);
      }
      for (Thread thread : threads) {
        thread.join();
      }
      if (answers.size() == 16 && answers.stream().allMatch("answered"::equals)) {
        System.out.println("all 4 answered");
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
        return answer.length() > 10 ? "answered" : answer;
      }
    }

    private static Engine engine(Path cache) {
      return new Engine("local", Map.of(), cache, 0, Main.class.getClassLoader());
    }

    private static ModelArtifact artifact(String what) {
      return switch (what) {
        case "text" -> ModelArtifact.of(URI.create("classpath:all-minilm-l6-v2-q.onnx"));
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
