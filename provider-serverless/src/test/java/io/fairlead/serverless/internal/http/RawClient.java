package io.fairlead.serverless.internal.http;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.util.Arrays;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;

/** A client that sends bytes as they are, on one connection. */
final class RawClient implements AutoCloseable {
  /** A response. */
  static final class Reply {
    private final int status;
    private final Map<String, String> headers;
    private final byte[] body;

    private Reply(int status, Map<String, String> headers, byte[] body) {
      this.status = status;
      this.headers = headers;
      this.body = body;
    }

    int status() {
      return status;
    }

    /** The headers by name, in lower case. */
    Map<String, String> headers() {
      return headers;
    }

    byte[] body() {
      return body;
    }

    String text() {
      return new String(body, UTF_8);
    }
  }

  private final Socket socket = new Socket();
  private final DataInputStream in;

  RawClient(InetSocketAddress address) throws IOException {
    socket.connect(address);
    socket.setSoTimeout(20_000);
    in = new DataInputStream(socket.getInputStream());
  }

  /** Sends a head, whose lines are separated by line feeds here, and a body with the length that it has. */
  Reply send(String head, byte[]... body) throws IOException {
    begin(head, body);
    return read();
  }

  /** Sends a request, and does not wait for the response. */
  void begin(String head, byte[]... body) throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    int length = Arrays.stream(body).mapToInt(part -> part.length).sum();
    String lines = head.strip() + (body.length == 0 ? "" : "\nContent-Length: " + length);
    bytes.writeBytes((lines.replace("\n", "\r\n") + "\r\n\r\n").getBytes(ISO_8859_1));
    for (byte[] part : body) {
      bytes.writeBytes(part);
    }
    socket.getOutputStream().write(bytes.toByteArray());
  }

  private Reply read() throws IOException {
    StringBuilder head = new StringBuilder();
    while (head.indexOf("\r\n\r\n") < 0) {
      head.append((char) in.readUnsignedByte());
    }
    String[] lines = head.toString().split("\r\n", -1);
    Map<String, String> headers = new TreeMap<>();
    for (int i = 1; i < lines.length && !lines[i].isEmpty(); i++) {
      int colon = lines[i].indexOf(':');
      headers.put(
          lines[i].substring(0, colon).toLowerCase(Locale.ROOT),
          lines[i].substring(colon + 1).strip());
    }
    byte[] body = new byte[Integer.parseInt(headers.getOrDefault("content-length", "0"))];
    in.readFully(body);
    return new Reply(Integer.parseInt(lines[0].split(" ", -1)[1]), headers, body);
  }

  @Override
  public void close() throws IOException {
    socket.close();
  }
}
