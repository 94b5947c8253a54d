package io.fairlead.azureml.internal.scoring;

import static java.nio.charset.StandardCharsets.US_ASCII;

import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;

/** A host on loopback that gives the same answer to each request, in a process of its own. */
public final class ConstantServer {
  static final String RESPONSE = "{\"answer\":0.5}";

  private static final byte[] ANSWER = ("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
          + "azureml-model-deployment: blue\r\nContent-Length: " + RESPONSE.length() + "\r\n\r\n"
          + RESPONSE)
      .getBytes(US_ASCII);
  private static final String LENGTH = "content-length:";

  private ConstantServer() {}

  /** Serves until it is killed; prints its port. */
  public static void main(String[] args) throws IOException {
    try (ServerSocket server = new ServerSocket(0, 50, InetAddress.getLoopbackAddress())) {
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
      for (long length = bodyLength(in); length >= 0; length = bodyLength(in)) {
        in.skipNBytes(length);
        out.write(ANSWER);
        out.flush();
      }
    } catch (IOException e) {
      // The client has closed the connection.
    }
  }

  /** {@return the length of the body after the headers; -1 at the end of the connection} */
  private static long bodyLength(InputStream in) throws IOException {
    long length = 0;
    StringBuilder line = new StringBuilder();
    for (int letter = in.read(); letter >= 0; letter = in.read()) {
      if (letter != '\n') {
        line.append((char) letter);
        continue;
      }
      String header = line.toString().strip();
      if (header.isEmpty()) {
        return length;
      }
      if (header.regionMatches(true, 0, LENGTH, 0, LENGTH.length())) {
        length = Long.parseLong(header.substring(LENGTH.length()).strip());
      }
      line.setLength(0);
    }
    return -1;
  }
}
