package io.fairlead.azureml.internal.scoring;

import static java.nio.charset.StandardCharsets.US_ASCII;

import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;

/**
 * A host on loopback that gives the same answer to each request of a model, in a process of its own.
 *
 * <p>It also tells where its only endpoint is invoked, and the key, as Azure Resource Manager does.
 */
public final class ConstantServer {
  static final String RESPONSE = "{\"answer\":0.5}";

  private static final byte[] ANSWER = answer("azureml-model-deployment: blue\r\n", RESPONSE);
  private static final byte[] KEYS =
      answer("", "{\"primaryKey\":\"a-key\",\"secondaryKey\":\"b\"}");
  private static final String LENGTH = "content-length:";

  private ConstantServer() {}

  private static byte[] answer(String headers, String body) {
    return ("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n" + headers + "Content-Length: "
            + body.length() + "\r\n\r\n" + body)
        .getBytes(US_ASCII);
  }

  private static byte[] endpoint(int port) {
    return answer(
        "",
        "{\"name\":\"churn\",\"properties\":{\"authMode\":\"Key\",\"provisioningState\":\"Succeeded\","
            + "\"scoringUri\":\"http://127.0.0.1:" + port + "/score\"}}");
  }

  /** Serves until it is killed; prints its port. */
  public static void main(String[] args) throws IOException {
    try (ServerSocket server = new ServerSocket(0, 50, InetAddress.getLoopbackAddress())) {
      System.out.println(server.getLocalPort());
      while (true) {
        Socket connection = server.accept();
        connection.setTcpNoDelay(true);
        Thread thread = new Thread(() -> serve(connection, server.getLocalPort()));
        thread.setDaemon(true);
        thread.start();
      }
    }
  }

  private static void serve(Socket connection, int port) {
    byte[] endpoint = endpoint(port);
    try (connection) {
      InputStream in = new BufferedInputStream(connection.getInputStream(), 1 << 16);
      OutputStream out = connection.getOutputStream();
      for (String request = line(in); !request.isEmpty(); request = line(in)) {
        in.skipNBytes(bodyLength(in));
        out.write(request.contains("/score ") ? ANSWER : management(request, endpoint));
        out.flush();
      }
    } catch (IOException e) {
      // The client has closed the connection.
    }
  }

  private static byte[] management(String request, byte[] endpoint) {
    return request.contains("/listKeys") ? KEYS : endpoint;
  }

  /** {@return the length of the body after the headers} */
  private static long bodyLength(InputStream in) throws IOException {
    long length = 0;
    for (String header = line(in); !header.isEmpty(); header = line(in)) {
      if (header.regionMatches(true, 0, LENGTH, 0, LENGTH.length())) {
        length = Long.parseLong(header.substring(LENGTH.length()).strip());
      }
    }
    return length;
  }

  /** {@return the next line; empty at the end of the connection} */
  private static String line(InputStream in) throws IOException {
    StringBuilder line = new StringBuilder();
    for (int letter = in.read(); letter >= 0 && letter != '\n'; letter = in.read()) {
      line.append((char) letter);
    }
    return line.toString().strip();
  }
}
