package io.fairlead.azureml.standin;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.ByteArrayOutputStream;
import java.net.URI;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** A request: who asks which service for what. */
final class Call {
  private final String method;
  private final String url;
  private final String base;
  private final String rawPath;
  private final String rawQuery;
  private final Map<String, String> headers = new TreeMap<>(String.CASE_INSENSITIVE_ORDER);
  private final Map<String, String> query = new LinkedHashMap<>();
  private final byte[] body;
  private final Target target;

  /**
   * Makes a request.
   *
   * @param url absolute, and of HTTP; it is taken apart here, because there are so many
   */
  Call(String method, String url, Map<String, String> headers, byte[] body) {
    this.method = method;
    this.url = url;
    this.headers.putAll(headers);
    this.body = body;
    int queryAt = url.indexOf('?');
    int authority = url.indexOf("://") + "://".length();
    int end = queryAt < 0 ? url.length() : queryAt;
    int slash = url.indexOf('/', authority);
    int path = slash < 0 || slash > end ? end : slash;
    base = url.substring(0, path);
    rawPath = url.substring(path, end);
    rawQuery = queryAt < 0 ? "" : url.substring(queryAt + 1);
    if (!rawQuery.isEmpty()) {
      for (String pair : rawQuery.split("&", -1)) {
        int equals = pair.indexOf('=');
        String name = decode(equals < 0 ? pair : pair.substring(0, equals));
        query.put(name, equals < 0 ? "" : decode(pair.substring(equals + 1)));
      }
    }
    target = Target.of(method, host(base.substring(authority)), rawPath, query);
  }

  private static String host(String authority) {
    int port = authority.lastIndexOf(':');
    return port < 0 ? authority : authority.substring(0, port);
  }

  static String decode(String text) {
    if (text.indexOf('%') < 0) {
      return text;
    }
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    byte[] raw = text.getBytes(UTF_8);
    for (int i = 0; i < raw.length; i++) {
      if (raw[i] == '%') {
        bytes.write(Integer.parseInt(new String(raw, i + 1, 2, UTF_8), 16));
        i += 2;
      } else {
        bytes.write(raw[i]);
      }
    }
    return bytes.toString(UTF_8);
  }

  String method() {
    return method;
  }

  URI uri() {
    return URI.create(url);
  }

  String url() {
    return url;
  }

  /** {@return its path, decoded} */
  String path() {
    return decode(rawPath);
  }

  String rawPath() {
    return rawPath;
  }

  /** {@return its query; empty if it has none} */
  String rawQuery() {
    return rawQuery;
  }

  /** {@return whether it changes nothing} */
  boolean isRead() {
    return method.equals("GET") || method.equals("HEAD");
  }

  /** {@return what it is for} */
  Target target() {
    return target;
  }

  /** {@return where it was sent, without a path} */
  String base() {
    return base;
  }

  /** {@return a parameter; empty if it is missing} */
  String query(String name) {
    return query.getOrDefault(name, "");
  }

  Map<String, String> headers() {
    return headers;
  }

  @Nullable
  String header(String name) {
    return headers.get(name);
  }

  /** {@return each header whose name begins so, by the rest of the name} */
  Map<String, String> headersAfter(String prefix) {
    Map<String, String> found = new TreeMap<>();
    headers.forEach((name, value) -> {
      if (name.regionMatches(true, 0, prefix, 0, prefix.length())) {
        found.put(name.substring(prefix.length()), value);
      }
    });
    return found;
  }

  /** {@return what follows {@code Bearer} in its authorization; empty if nothing does} */
  String token() {
    String authorization = headers.getOrDefault("Authorization", "");
    return authorization.startsWith("Bearer ") ? authorization.substring("Bearer ".length()) : "";
  }

  byte[] body() {
    return body;
  }

  ObjectNode json() {
    return Json.parse(body);
  }

  /** {@return what makes it the same call when it is sent again} */
  String identity() {
    return method + url + new String(body, UTF_8);
  }

  /** {@return the segments of a path, decoded} */
  static List<String> segments(String rawPath) {
    List<String> segments = new ArrayList<>();
    int from = 1;
    for (int slash = rawPath.indexOf('/', 1); slash >= 0; slash = rawPath.indexOf('/', from)) {
      segments.add(decode(rawPath.substring(from, slash)));
      from = slash + 1;
    }
    segments.add(decode(rawPath.substring(from)));
    return segments;
  }
}
