package io.fairlead.sagemaker;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.nio.file.Path;
import java.util.Locale;

/** A server on loopback that gives the same answer to each request, over connections that stay, in a process of its own. */
final class ConstantServer implements AutoCloseable {
  private static final byte[] ANSWER = String.join(
          "\r\n",
          "HTTP/1.1 200 OK",
          "Content-Type: application/json",
          "x-Amzn-Invoked-Production-Variant: blue",
          "x-amzn-RequestId: 0",
          "Content-Length: 14",
          "",
          "{\"answer\":0.5}")
      .getBytes(ISO_8859_1);
  private static final String LENGTH = "content-length:";

  private final Process process;
  private final URI uri;

  private ConstantServer(Process process, URI uri) {
    this.process = process;
    this.uri = uri;
  }

  static ConstantServer start() throws IOException {
    Process process = new ProcessBuilder(
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "-cp",
            System.getProperty("java.class.path"),
            ConstantServer.class.getName())
        .redirectError(ProcessBuilder.Redirect.INHERIT)
        .start();
    String port = process.inputReader().readLine();
    return new ConstantServer(process, URI.create("http://127.0.0.1:" + port));
  }

  URI uri() {
    return uri;
  }

  @Override
  public void close() {
    process.destroyForcibly();
  }

  /** Serves until it is killed; prints its port. */
  public static void main(String[] args) throws IOException {
    try (ServerSocket server = new ServerSocket(0, 100, InetAddress.getLoopbackAddress())) {
      System.out.println(server.getLocalPort());
      while (true) {
        Socket connection = server.accept();
        connection.setTcpNoDelay(true);
        Thread thread = new Thread(() -> serve(connection));
        thread.setDaemon(true);
        thread.start();
      }
    }
  }

  private static void serve(Socket connection) {
    try (connection) {
      InputStream in = new BufferedInputStream(connection.getInputStream(), 1 << 16);
      OutputStream out = connection.getOutputStream();
      StringBuilder line = new StringBuilder();
      long length = 0;
      while (true) {
        int next = in.read();
        if (next < 0) {
          return;
        }
        if (next != '\n') {
          line.append((char) next);
          continue;
        }
        String header = line.toString().strip().toLowerCase(Locale.ROOT);
        line.setLength(0);
        if (header.startsWith(LENGTH)) {
          length = Long.parseLong(header.substring(LENGTH.length()).strip());
        } else if (header.isEmpty()) {
          in.skipNBytes(length);
          length = 0;
          out.write(ANSWER);
        }
      }
    } catch (IOException e) {
      // The client has gone.
    }
  }
}
