package io.fairlead.examples;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/** A child process that is always terminated. */
final class Child implements AutoCloseable {
  /** Only so that a process that hangs is ended. */
  private static final long LIMIT_SECONDS = 300;

  private final Process process;
  private final ByteArrayOutputStream out = new ByteArrayOutputStream();
  private final CompletableFuture<Void> outEnded;
  private final CompletableFuture<String> err;

  private Child(ProcessBuilder builder) throws IOException {
    this.process = builder.start();
    this.outEnded = CompletableFuture.runAsync(() -> follow(process.getInputStream()));
    this.err = CompletableFuture.supplyAsync(() -> all(process.getErrorStream()));
  }

  static Child start(ProcessBuilder builder) throws IOException {
    return new Child(builder);
  }

  /** Starts a program of this JDK, such as {@code java}. */
  static Child ofJdk(String program, String... arguments) throws IOException {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", program).toString());
    command.addAll(Arrays.asList(arguments));
    return new Child(new ProcessBuilder(command));
  }

  static Child java(Class<?> main, String... arguments) throws IOException {
    List<String> all = new ArrayList<>(List.of(
        "-Dnative.encoding=UTF-8",
        // As the JVMs of the tests: for a process that lives for seconds.
        "-XX:TieredStopAtLevel=1",
        "-XX:+UseSerialGC",
        "--enable-native-access=ALL-UNNAMED",
        "-cp",
        classPath(),
        main.getName()));
    all.addAll(Arrays.asList(arguments));
    return ofJdk("java", all.toArray(String[]::new));
  }

  /** {@return this test's class path, which Surefire hides in a jar's manifest} */
  static String classPath() {
    return System.getProperty("surefire.test.class.path", System.getProperty("java.class.path"));
  }

  private void follow(InputStream in) {
    try (in) {
      in.transferTo(out);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static String all(InputStream in) {
    try (in) {
      return new String(in.readAllBytes(), UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  Child typing(String text) throws IOException {
    process.getOutputStream().write(text.getBytes(UTF_8));
    process.getOutputStream().close();
    return this;
  }

  void awaitOutput(String text) throws InterruptedException {
    long begin = System.nanoTime();
    while (!out().contains(text)) {
      if (!process.isAlive()
          || System.nanoTime() - begin > TimeUnit.SECONDS.toNanos(LIMIT_SECONDS)) {
        throw new AssertionError("no '" + text + "' in: " + out);
      }
      TimeUnit.MILLISECONDS.sleep(10);
    }
  }

  /** Asks it to end, as {@code kill} does. */
  void terminate() {
    // Process.destroy would close the streams, too.
    process.toHandle().destroy();
  }

  int exitCode() throws InterruptedException {
    if (!process.waitFor(LIMIT_SECONDS, TimeUnit.SECONDS)) {
      throw new AssertionError("it did not end; it printed: " + out());
    }
    outEnded.join();
    return process.exitValue();
  }

  long pid() {
    return process.pid();
  }

  String out() {
    return out.toString(UTF_8);
  }

  String err() {
    return err.join();
  }

  @Override
  public void close() {
    process.destroyForcibly();
  }
}
