package io.fairlead.langchain4j;

import static java.nio.charset.StandardCharsets.US_ASCII;

import io.fairlead.contract.OpenAiServer;
import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;

/** A server of OpenAI's protocol on loopback that says the same to everybody, in a process of its own. */
public final class ChatServer {
  private static final String LENGTH = "content-length:";
  private static final byte[] WHOLE = answer("application/json", false);
  private static final byte[] STREAM = answer("text/event-stream", true);

  private ChatServer() {}

  private static byte[] answer(String type, boolean stream) {
    String asked = "{\"model\":\"one\",\"stream\":" + stream
        + ",\"messages\":[{\"role\":\"user\",\"content\":\"word\"}]}";
    String body = new String(OpenAiServer.answer(asked.getBytes(US_ASCII)), US_ASCII);
    return ("HTTP/1.1 200 OK\r\nContent-Type: " + type + "\r\nContent-Length: " + body.length()
            + "\r\n\r\n" + body)
        .getBytes(US_ASCII);
  }

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
      while (!line(in).isEmpty()) {
        byte[] body = in.readNBytes((int) bodyLength(in));
        out.write(OpenAiServer.isStreaming(body) ? STREAM : WHOLE);
        out.flush();
      }
    } catch (IOException e) {
      // The client has closed the connection.
    }
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
