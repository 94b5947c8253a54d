package io.fairlead.sagemaker.standin;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.ByteArrayOutputStream;
import java.net.URLDecoder;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** A request: who asks which service for what. */
final class Call {
  private static final Pattern CREDENTIAL =
      Pattern.compile("Credential=([^/]+)/\\d+/([^/]+)/([^/]+)/aws4_request");
  private static final String BEARER = "Bearer sagemaker-api-key-";

  private final String method;
  private final String url;
  private final Map<String, List<String>> headers = new TreeMap<>(String.CASE_INSENSITIVE_ORDER);
  private final String accessKeyId;
  private final String region;
  private final String service;
  private final String path;
  private final Map<String, String> query = new LinkedHashMap<>();
  private final byte[] body;
  private final String operation;
  private final String bearer;

  Call(String method, String url, Map<String, List<String>> headers, byte[] body) {
    this.method = method;
    this.url = url;
    this.headers.putAll(headers);
    this.body = body;
    String authorization = String.valueOf(header("Authorization"));
    bearer = authorization.startsWith(BEARER)
        ? decode(
            new String(Base64.getDecoder().decode(authorization.substring(BEARER.length())), UTF_8))
        : "";
    Matcher credential = CREDENTIAL.matcher(bearer.isEmpty() ? authorization : bearer);
    boolean signed = credential.find();
    accessKeyId = signed ? credential.group(1) : "";
    region = signed ? credential.group(2) : "";
    service = signed ? credential.group(3) : "";
    int mark = url.indexOf('?');
    path = mark < 0 ? url : url.substring(0, mark);
    if (mark >= 0) {
      for (String pair : url.substring(mark + 1).split("&", -1)) {
        int equals = pair.indexOf('=');
        String name = decode(equals < 0 ? pair : pair.substring(0, equals));
        query.put(name, equals < 0 ? "" : decode(pair.substring(equals + 1)));
      }
    }
    String target = header("X-Amz-Target");
    if (target != null) {
      operation = target.substring(target.indexOf('.') + 1);
    } else if (service.equals(AlarmService.SERVICE)) {
      operation = form().getOrDefault("Action", "");
    } else if (service.equals("s3")) {
      operation = ObjectStore.operation(this);
    } else {
      operation = InferenceService.operation(path);
    }
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

  /** {@return the presigned request in a bearer token, decoded; empty if the call is signed itself} */
  String bearer() {
    return bearer;
  }

  String accessKeyId() {
    return accessKeyId;
  }

  String region() {
    return region;
  }

  String service() {
    return service;
  }

  String method() {
    return method;
  }

  /** {@return the path as it was sent, with its percent signs} */
  String path() {
    return path;
  }

  Map<String, String> query() {
    return query;
  }

  @Nullable
  String header(String name) {
    List<String> values = headers.getOrDefault(name, List.of());
    return values.isEmpty() ? null : values.get(0);
  }

  /** {@return the first value of each header whose name begins so, by the rest of the name} */
  Map<String, String> headersAfter(String prefix) {
    Map<String, String> found = new TreeMap<>();
    headers.forEach((name, values) -> {
      if (name.regionMatches(true, 0, prefix, 0, prefix.length()) && !values.isEmpty()) {
        found.put(name.substring(prefix.length()), values.get(0));
      }
    });
    return found;
  }

  byte[] body() {
    return body;
  }

  ObjectNode json() {
    return Json.parse(body);
  }

  /** {@return the parameters of a form} */
  Map<String, String> form() {
    Map<String, String> form = new LinkedHashMap<>();
    for (String pair : new String(body, UTF_8).split("&", -1)) {
      int equals = pair.indexOf('=');
      if (equals > 0) {
        form.put(
            URLDecoder.decode(pair.substring(0, equals), UTF_8),
            URLDecoder.decode(pair.substring(equals + 1), UTF_8));
      }
    }
    return form;
  }

  String operation() {
    return operation;
  }

  boolean isControl() {
    return header("X-Amz-Target") != null;
  }

  /** {@return what makes it the same call when it is sent again} */
  String identity() {
    return isControl() || service.equals(AlarmService.SERVICE)
        ? operation + new String(body, UTF_8)
        : method + url;
  }
}
