package io.fairlead.serverless.internal.http;

import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.codec.http.HttpRequest;
import java.util.HexFormat;
import java.util.List;
import java.util.concurrent.ThreadLocalRandom;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.slf4j.MDC;

/**
 * A request and its response, as logs and counters know them.
 *
 * <p>Its id is that of the request's header {@code X-Request-Id}, if it is short and of harmless characters, or else
 * a new one. The id of its trace is that of the header {@code traceparent}, as the W3C's Trace Context has it.
 */
final class Exchange {
  static final String ID_HEADER = "x-request-id";
  static final String TRACE_HEADER = "traceparent";
  static final String ID_KEY = "request_id";
  static final String TRACE_KEY = "trace_id";

  /** What stands for a part that is not there. */
  static final String NONE = "-";

  private static final Pattern ID = Pattern.compile("[\\w.:/+=@~-]{1,128}");
  private static final Pattern TRACE = Pattern.compile(
      "(?!ff)([0-9a-f]{2})-((?!0{32})[0-9a-f]{32})-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}(-[!-~]{0,64})?");
  private static final Pattern UNSAFE = Pattern.compile("[^!-~]|\"");
  private static final int MAX_PATH = 256;
  private static final int MAX_METHOD = 16;

  private final String method;
  private final String target;
  private final String id;
  private final @Nullable String traceParent;
  private final String traceId;
  private final long startedAt = System.nanoTime();
  private String function = "";
  private long received;

  private Exchange(
      String method, String target, String id, @Nullable String traceParent, String traceId) {
    this.method = method;
    this.target = target;
    this.id = id;
    this.traceParent = traceParent;
    this.traceId = traceId;
  }

  /** {@return the exchange of a request, which begins now} */
  static Exchange of(HttpRequest request) {
    HttpHeaders headers = request.headers();
    String given = only(headers, ID_HEADER);
    String trace = only(headers, TRACE_HEADER);
    String traceId = trace == null ? null : traceId(trace);
    return new Exchange(
        request.method().name(),
        request.uri(),
        (given != null && ID.matcher(given).matches()) ? given : newId(),
        traceId == null ? null : trace,
        traceId == null ? NONE : traceId);
  }

  private static @Nullable String traceId(String traceParent) {
    Matcher parts = TRACE.matcher(traceParent);
    boolean isTrace =
        parts.matches() && (parts.group(3) == null || !parts.group(1).equals("00"));
    return isTrace ? parts.group(2) : null;
  }

  /** {@return the exchange of a request that cannot be read} */
  static Exchange unreadable() {
    return new Exchange("", "", newId(), null, NONE);
  }

  private static @Nullable String only(HttpHeaders headers, String name) {
    List<String> all = headers.getAll(name);
    return all.size() == 1 ? all.get(0).strip() : null;
  }

  private static String newId() {
    ThreadLocalRandom random = ThreadLocalRandom.current();
    HexFormat hex = HexFormat.of();
    return hex.toHexDigits(random.nextLong()) + hex.toHexDigits(random.nextLong());
  }

  /** A request line is not trusted with lines of a log. */
  private static String shown(String text, int limit) {
    if (text.isEmpty()) {
      return NONE;
    }
    String whole = text.length() <= limit ? text : text.substring(0, limit) + "...";
    return UNSAFE.matcher(whole).replaceAll("?");
  }

  String method() {
    return shown(method, MAX_METHOD);
  }

  /** {@return the path, without its query} */
  String path() {
    return shown(Target.path(target), MAX_PATH);
  }

  String id() {
    return id;
  }

  /** {@return the trace that it belongs to; a dash if it belongs to none} */
  String traceId() {
    return traceId;
  }

  /** {@return the name of the function that the request is for; empty if there is none} */
  String function() {
    return function;
  }

  void isFor(String functionName) {
    function = functionName;
  }

  /** {@return the size of the request's body, as far as it was read} */
  long received() {
    return received;
  }

  void received(long bytes) {
    received = bytes;
  }

  long nanos() {
    return System.nanoTime() - startedAt;
  }

  void writeIds(HttpHeaders headers) {
    headers.set(ID_HEADER, id);
    if (traceParent != null) {
      headers.set(TRACE_HEADER, traceParent);
    }
  }

  /** Runs something with the ids in the MDC of this thread. */
  void run(Runnable action) {
    MDC.put(ID_KEY, id);
    if (traceParent != null) {
      MDC.put(TRACE_KEY, traceId);
    }
    try {
      action.run();
    } finally {
      MDC.remove(ID_KEY);
      MDC.remove(TRACE_KEY);
    }
  }

  /** {@return whether a header's value asks for HTML, as browsers do} */
  static boolean wantsHtml(HttpHeaders headers) {
    return headers.getAll(HttpHeaderNames.ACCEPT).stream()
        .anyMatch(accept -> Accept.quality(accept, "text/html", false) > 0);
  }
}
