import java.io.File;
import java.io.IOException;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import java.util.stream.Stream;
import javax.tools.ToolProvider;

/**
 * Starts an application in the development mode of its framework, changes one of its classes three times, and checks after
 * each hot reload that every model answers as before and that no thread, process or temporary folder is left.
 *
 * <p>{@code java Reload.java LOG SOURCE CLASSES CLASSPATH COMMAND...}: the class's source is changed, and compiled into
 * CLASSES, unless that is {@code -} because the framework compiles it; {@code PORT}, {@code MODELS} and {@code TMPDIR} in the
 * command are two ports and a folder.
 */
public final class Reload {
  private static final Duration LIMIT = Duration.ofMinutes(5);
  private static final int RELOADS = 3;
  /** How many threads more there may be for a while: those that invoke models end a minute after their last. */
  private static final int SPARE_THREADS = 4;

  private static final HttpClient CLIENT = HttpClient.newBuilder()
      .version(HttpClient.Version.HTTP_1_1)
      .connectTimeout(Duration.ofSeconds(5))
      .build();
  private static final String ROW = "{\"instances\": [[5.1, 3.5, 1.4, 0.2]]}";
  private static final String TEXT = "{\"inputs\": [\"Honey never spoils.\"]}";
  private static final Map<String, String> QUESTIONS =
      Map.of("iris", ROW, "iris-apart", ROW, "minilm", TEXT, "minilm-apart", TEXT);

  private Reload() {}

  /** What a JVM has of this library. */
  private record Held(long threads, long processes, long folders) {}

  public static void main(String[] arguments) throws Exception {
    Path log = Path.of(arguments[0]);
    Path source = Path.of(arguments[1]);
    int port = freePort();
    Path temporary = Files.createTempDirectory("reload");
    List<String> command = new ArrayList<>();
    for (String argument : List.of(arguments).subList(4, arguments.length)) {
      command.add(argument
          .replace("PORT", String.valueOf(port))
          .replace("MODELS", String.valueOf(freePort()))
          .replace("TMPDIR", temporary.toString()));
    }
    Process process = new ProcessBuilder(command)
        .redirectInput(new File("/dev/null"))
        .redirectErrorStream(true)
        .redirectOutput(log.toFile())
        .start();
    boolean failed = false;
    ProcessHandle application = null;
    try {
      URI app = URI.create("http://127.0.0.1:" + port + "/ask/");
      String original = Files.readString(source);
      long worker = pid(await(process, app, answer -> answer.startsWith("[\"HELLO\", ")));
      ProcessHandle jvm = ProcessHandle.of(worker).orElseThrow().parent().orElseThrow();
      application = jvm;
      Map<String, String> answers = ask(app);
      Held first = held(jvm, temporary);
      for (int reload = 1; reload <= RELOADS; reload++) {
        String mark = "[" + reload;
        Files.writeString(source, original.replace("\"[\"", "\"" + mark + "\""));
        if (!arguments[2].equals("-")) {
          compile(source, arguments[2], arguments[3]);
        }
        await(process, app, answer -> answer.startsWith(mark + "\"HELLO\", "));
        check(answers.equals(ask(app)), "the answers after reload " + reload, "others");
      }
      Held last = awaitNoMore(jvm, temporary, first);
      jvm.destroy();
      jvm.onExit().get(LIMIT.toSeconds(), TimeUnit.SECONDS);
      check(folders(temporary) == 0, "temporary folders after the end", temporary.toString());
      System.out.println("  reloaded " + RELOADS + " times; at the start " + first + ", at the end " + last);
    } catch (Exception e) {
      System.out.println("  FAILED: " + e.getMessage() + "\n  the last lines of " + log + ":");
      List<String> lines = Files.readAllLines(log);
      lines.subList(Math.max(0, lines.size() - 40), lines.size()).forEach(System.out::println);
      failed = true;
    } finally {
      process.descendants().forEach(ProcessHandle::destroyForcibly);
      process.destroyForcibly();
      if (application != null) {
        // It outlives the tool that started it.
        application.descendants().forEach(ProcessHandle::destroyForcibly);
        application.destroyForcibly();
      }
      delete(temporary);
    }
    if (failed) {
      System.exit(1);
    }
  }

  private static void delete(Path folder) throws IOException {
    try (Stream<Path> all = Files.walk(folder)) {
      for (Path file : all.sorted(Comparator.reverseOrder()).toList()) {
        Files.deleteIfExists(file);
      }
    }
  }

  private static Map<String, String> ask(URI app) throws Exception {
    Map<String, String> answers = new LinkedHashMap<>();
    for (String function : QUESTIONS.keySet().stream().sorted().toList()) {
      HttpResponse<String> answer = send(app.resolve(function), QUESTIONS.get(function));
      check(answer.statusCode() == 200, function + " answers " + answer.statusCode(), answer.body());
      answers.put(function, answer.body());
    }
    return answers;
  }

  /** Asks the class that changes until it answers as it should; an application that reloads may refuse for a moment. */
  private static String await(Process process, URI app, Predicate<String> wanted)
      throws Exception {
    long end = System.nanoTime() + LIMIT.toNanos();
    String last = "nothing";
    while (process.isAlive() && System.nanoTime() < end) {
      try {
        HttpResponse<String> answer = send(app.resolve("upper-apart"), "\"hello\"");
        last = answer.statusCode() + " " + answer.body();
        if (answer.statusCode() == 200 && wanted.test(answer.body())) {
          return answer.body();
        }
      } catch (IOException e) {
        last = e.toString();
      }
      Thread.sleep(200);
    }
    throw new IOException("no new answer within " + LIMIT.toSeconds() + " s, the last was " + last);
  }

  private static long pid(String answer) {
    return Long.parseLong(answer.replaceAll("\\D", ""));
  }

  private static void compile(Path source, String classes, String classPath) {
    int result = ToolProvider.getSystemJavaCompiler()
        .run(null, null, null, "-nowarn", "-proc:none", "-d", classes, "-cp", classPath, source.toString());
    check(result == 0, "compiling " + source, "see above");
  }

  private static Held awaitNoMore(ProcessHandle jvm, Path temporary, Held first)
      throws Exception {
    long end = System.nanoTime() + Duration.ofSeconds(30).toNanos();
    while (true) {
      Held now = held(jvm, temporary);
      boolean isMore = now.threads() > first.threads() + SPARE_THREADS
          || now.processes() > first.processes()
          || now.folders() > first.folders();
      if (!isMore) {
        return now;
      }
      check(System.nanoTime() < end, "left after " + RELOADS + " reloads", first + " became " + now);
      Thread.sleep(200);
    }
  }

  private static Held held(ProcessHandle jvm, Path temporary) throws Exception {
    Process dump = new ProcessBuilder(
            Path.of(System.getProperty("java.home"), "bin", "jcmd").toString(),
            String.valueOf(jvm.pid()),
            "Thread.print")
        .redirectErrorStream(true)
        .start();
    String threads = new String(dump.getInputStream().readAllBytes());
    check(dump.waitFor() == 0 && threads.contains("\"fairlead-"), "the JVM's threads", threads);
    return new Held(
        threads.lines().filter(line -> line.startsWith("\"fairlead-")).count(),
        jvm.children().count(),
        folders(temporary));
  }

  private static long folders(Path temporary) throws IOException {
    try (Stream<Path> all = Files.list(temporary)) {
      return all.filter(path -> path.getFileName().toString().startsWith("fairlead-")).count();
    }
  }

  private static int freePort() throws IOException {
    try (ServerSocket free = new ServerSocket(0)) {
      return free.getLocalPort();
    }
  }

  private static HttpResponse<String> send(URI at, String body) throws Exception {
    return CLIENT.send(
        HttpRequest.newBuilder(at)
            .timeout(LIMIT)
            .header("Content-Type", "application/json")
            .POST(BodyPublishers.ofString(body))
            .build(),
        BodyHandlers.ofString());
  }

  private static void check(boolean holds, String what, String found) {
    if (!holds) {
      throw new IllegalStateException(
          what + ": " + found.substring(0, Math.min(500, found.length())));
    }
  }
}
