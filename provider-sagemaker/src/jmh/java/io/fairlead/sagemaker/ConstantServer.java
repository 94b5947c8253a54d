package io.fairlead.sagemaker;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.Locale;

/** A server on loopback that gives the same response to each request, over connections that stay. */
public final class ConstantServer {
  static final String RESPONSE = "{\"answer\":0.5}";

  private static final byte[] ANSWER = String.join(
          "\r\n",
          "HTTP/1.1 200 OK",
          "Content-Type: application/json",
          "x-Amzn-Invoked-Production-Variant: blue",
          "x-amzn-RequestId: 0",
          "Content-Length: 14",
          "",
          RESPONSE)
      .getBytes(ISO_8859_1);
  private static final String LENGTH = "content-length:";

  private ConstantServer() {}

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
