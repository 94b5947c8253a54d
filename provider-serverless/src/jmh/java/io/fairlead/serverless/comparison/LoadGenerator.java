package io.fairlead.serverless.comparison;

import java.io.EOFException;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;

/**
 * Asks a server the same over a number of connections that are kept, each as soon as it has its answer, from one thread.
 *
 * <p>It does as little as it can, for it runs on the same processors as the server: it looks at the status and for the
 * end of the answer, not at what is in it.
 */
final class LoadGenerator {
  private static final double SECOND = 1e9;
  private static final double MILLISECOND = 1e6;
  private static final int BUFFER = 256 * 1024;
  private static final byte[] LAST_CHUNK = "\r\n0\r\n\r\n".getBytes(StandardCharsets.US_ASCII);

  /**
   * What a server did under load.
   *
   * @param perSecond answers a second
   * @param p50 the median of the milliseconds until an answer
   * @param p99 what 99 of 100 answers took at most, in milliseconds
   * @param cpu the server's processor time for each answer, in milliseconds
   */
  record Result(double perSecond, double p50, double p99, double cpu) {}

  private final InetSocketAddress address;
  private final byte[] request;

  LoadGenerator(int port, String path, String json) {
    this.address = new InetSocketAddress(InetAddress.getLoopbackAddress(), port);
    byte[] body = json.getBytes(StandardCharsets.UTF_8);
    this.request = ("POST " + path + " HTTP/1.1\r\nHost: 127.0.0.1:" + port
            + "\r\nContent-Type: application/json\r\nContent-Length: " + body.length + "\r\n\r\n"
            + json)
        .getBytes(StandardCharsets.UTF_8);
  }

  /** {@return the first answer's body} */
  String ask() throws IOException {
    try (Selector selector = Selector.open()) {
      Connection connection = new Connection(selector);
      try {
        connection.send();
        while (!connection.receive()) {
          selector.select();
        }
        return connection.text();
      } finally {
        connection.close();
      }
    }
  }

  Result run(int connections, double seconds, long pid) throws IOException {
    List<Double> times = new ArrayList<>();
    try (Selector selector = Selector.open()) {
      List<Connection> all = new ArrayList<>();
      try {
        for (int i = 0; i < connections; i++) {
          all.add(new Connection(selector));
        }
        double cpu = Processes.cpuSeconds(pid);
        long begin = System.nanoTime();
        long end = begin + (long) (seconds * SECOND);
        for (Connection connection : all) {
          connection.send();
        }
        while (System.nanoTime() < end) {
          selector.select(100);
          for (SelectionKey key : selector.selectedKeys()) {
            Connection connection = (Connection) key.attachment();
            if (connection.receive()) {
              times.add((System.nanoTime() - connection.sentAt) / MILLISECOND);
              connection.send();
            }
          }
          selector.selectedKeys().clear();
        }
        double took = (System.nanoTime() - begin) / SECOND;
        double[] sorted = times.stream().mapToDouble(it -> it).toArray();
        return new Result(
            sorted.length / took,
            Bars.quantile(0.5, sorted),
            Bars.quantile(0.99, sorted),
            (Processes.cpuSeconds(pid) - cpu) * 1000 / sorted.length);
      } finally {
        for (Connection connection : all) {
          connection.close();
        }
      }
    }
  }

  private final class Connection {
    private final Selector selector;
    private final ByteBuffer received = ByteBuffer.allocate(BUFFER);
    private int bodyAt;
    private int length;
    private boolean last;
    private long sentAt;
    private SocketChannel channel;

    Connection(Selector selector) throws IOException {
      this.selector = selector;
      this.channel = open();
    }

    private SocketChannel open() throws IOException {
      SocketChannel channel = SocketChannel.open(address);
      channel.setOption(StandardSocketOptions.TCP_NODELAY, true);
      channel.configureBlocking(false);
      channel.register(selector, SelectionKey.OP_READ, this);
      return channel;
    }

    void send() throws IOException {
      received.clear();
      bodyAt = 0;
      sentAt = System.nanoTime();
      if (last) {
        // Tomcat lets a connection live for 100 requests.
        channel.close();
        channel = open();
        last = false;
      }
      ByteBuffer out = ByteBuffer.wrap(request);
      while (out.hasRemaining()) {
        channel.write(out);
      }
    }

    /** {@return whether the answer is all there} */
    boolean receive() throws IOException {
      if (channel.read(received) < 0) {
        throw new EOFException("the server closed a connection");
      }
      if (bodyAt == 0 && !head()) {
        return false;
      }
      if (length >= 0) {
        return received.position() >= bodyAt + length;
      }
      int end = received.position() - LAST_CHUNK.length;
      return end >= bodyAt
          && Arrays.equals(
              received.array(), end, received.position(), LAST_CHUNK, 0, LAST_CHUNK.length);
    }

    private boolean head() throws IOException {
      String head = new String(
          received.array(), 0, Math.min(received.position(), 2048), StandardCharsets.ISO_8859_1);
      int end = head.indexOf("\r\n\r\n");
      if (end < 0) {
        return false;
      }
      if (!head.startsWith("HTTP/1.1 200")) {
        throw new IOException("the server answered " + head);
      }
      bodyAt = end + 4;
      String fields = head.substring(0, end + 2).toLowerCase(Locale.ROOT);
      last = fields.contains("\r\nconnection: close\r\n");
      int at = fields.indexOf("\r\ncontent-length:");
      length = at < 0
          ? -1
          : Integer.parseInt(fields
              .substring(fields.indexOf(':', at) + 1, fields.indexOf("\r\n", at + 2))
              .strip());
      return true;
    }

    String text() {
      return new String(
          received.array(), bodyAt, received.position() - bodyAt, StandardCharsets.UTF_8);
    }

    void close() throws IOException {
      channel.close();
    }
  }
}
