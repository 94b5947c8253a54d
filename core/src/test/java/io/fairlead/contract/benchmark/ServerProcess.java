package io.fairlead.contract.benchmark;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** A server in a process of its own, on loopback, so that its work is not measured with that of its client. */
public final class ServerProcess implements AutoCloseable {
  private final Process process;
  private final int port;

  private ServerProcess(Process process, int port) {
    this.process = process;
    this.port = port;
  }

  /**
   * Starts a server.
   *
   * @param main the class with its main method, which prints its port as the first line and serves until it is killed
   */
  public static ServerProcess start(Class<?> main) throws IOException {
    Process process = jvm(main).redirectError(ProcessBuilder.Redirect.DISCARD).start();
    return new ServerProcess(process, Integer.parseInt(process.inputReader().readLine()));
  }

  /** {@return a JVM with the class path of this one} */
  static ProcessBuilder jvm(Class<?> main, String... arguments) {
    List<String> command = new ArrayList<>(List.of(
        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
        "-cp",
        System.getProperty("java.class.path"),
        main.getName()));
    command.addAll(List.of(arguments));
    return new ProcessBuilder(command);
  }

  /** {@return its address, as {@code 127.0.0.1:port}} */
  public String hostAndPort() {
    return "127.0.0.1:" + port;
  }

  @Override
  public void close() {
    process.destroyForcibly();
  }
}
