package io.fairlead.stateful.internal.persistence;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import redis.embedded.RedisServer;
import redis.embedded.core.RedisServerBuilder;

/** A real Redis server, which can be killed, paused and started again. */
public final class RedisProcess implements AutoCloseable {
  private final int port;
  private final List<String> settings;
  private RedisServer server;
  private ProcessHandle process;

  private RedisProcess(int port, List<String> settings) {
    this.port = port;
    this.settings = settings;
  }

  public static RedisProcess started(String... settings) throws IOException {
    RedisProcess redis = new RedisProcess(freePort(), List.of(settings));
    redis.start();
    return redis;
  }

  public static int freePort() throws IOException {
    try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      return socket.getLocalPort();
    }
  }

  /** Starts it on its port, again. */
  public void start() throws IOException {
    RedisServerBuilder builder = RedisServer.newRedisServer()
        .port(port)
        .bind("127.0.0.1")
        .setting("save \"\"")
        .onShutdownForceStop(true);
    settings.forEach(builder::setting);
    List<Long> before = redisProcesses().map(ProcessHandle::pid).toList();
    server = builder.build();
    server.start();
    process = redisProcesses()
        .filter(handle -> !before.contains(handle.pid()))
        .findAny()
        .orElseThrow();
  }

  private static Stream<ProcessHandle> redisProcesses() {
    return ProcessHandle.current()
        .children()
        .filter(child -> child.info().command().orElse("").contains("redis-server"));
  }

  public int port() {
    return port;
  }

  public String uri() {
    return "redis://127.0.0.1:" + port;
  }

  /** As {@code kill -9} does. */
  public void kill() throws Exception {
    process.destroyForcibly();
    process.onExit().get(1, TimeUnit.MINUTES);
  }

  /** From now on it accepts connections and commands, and answers none. */
  public void pause() throws Exception {
    signal("-STOP");
  }

  public void resume() throws Exception {
    signal("-CONT");
  }

  private void signal(String signal) throws Exception {
    int exit =
        new ProcessBuilder("kill", signal, Long.toString(process.pid())).start().waitFor();
    if (exit != 0) {
      throw new IllegalStateException("kill " + signal + " failed");
    }
  }

  @Override
  public void close() throws IOException {
    process.destroyForcibly();
    server.stop();
  }
}
