package io.fairlead.platform;

import static java.nio.charset.StandardCharsets.UTF_8;
import static java.util.Objects.requireNonNull;

import io.fairlead.grammar.Options;
import io.fairlead.grammar.Problems;
import io.fairlead.grammar.RequestOptions;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.Arrays;
import java.util.Optional;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * A request to a model: a body and its content type, a timeout and options.
 *
 * <p>Immutable. By default it follows the traffic weights and has a timeout of 60 seconds. The body never appears in
 * {@link #toString()}.
 */
public final class Request {
  private static final Duration DEFAULT_TIMEOUT = Duration.ofSeconds(60);

  /** Unreserved characters and delimiters of RFC 3986, and percent-encoded octets. */
  private static final Pattern PATH =
      Pattern.compile("(/([A-Za-z0-9._~!$&'()*+,;=:@-]|%[0-9A-Fa-f]{2})+)+/?");

  private static final Pattern UP = Pattern.compile("(^|/)\\.\\.?(/|$)");

  private final byte[] body;
  private final String contentType;
  private final @Nullable String path;
  private final @Nullable String variant;
  private final Duration timeout;
  private final Options<RequestOptions> options;

  private Request(
      byte[] body,
      String contentType,
      @Nullable String path,
      @Nullable String variant,
      Duration timeout,
      Options<RequestOptions> options) {
    this.body = body;
    this.contentType = requireNonNull(contentType, "contentType");
    this.path = path;
    this.variant = variant;
    this.timeout = timeout;
    this.options = options;
    Problems.in("Request")
        .check(
            isLine(contentType),
            "contentType",
            "must be a line of text, such as application/json",
            contentType)
        .check(
            path == null || (PATH.matcher(path).matches() && !UP.matcher(path).find()),
            "path",
            "must be a path other than /, without a query, such as /v1/chat/completions",
            String.valueOf(path))
        .check(timeout.compareTo(Duration.ZERO) > 0, "timeout", "must be more than 0", timeout)
        .throwIfAny();
  }

  /** A loop, because a stream would cost each request time. */
  private static boolean isLine(String text) {
    for (int i = 0; i < text.length(); i++) {
      if (Character.isISOControl(text.charAt(i))) {
        return false;
      }
    }
    return !text.isBlank();
  }

  /** {@return a request with a JSON body} */
  public static Request json(String json) {
    return new Request(
        json.getBytes(UTF_8), "application/json", null, null, DEFAULT_TIMEOUT, Options.none());
  }

  /**
   * {@return a request with texts, as the JSON object {@code {"inputs": ["...", ...]}}}
   *
   * <p>Text models in this JVM and Hugging Face's containers understand it.
   */
  public static Request texts(String... texts) {
    return json(Arrays.stream(texts)
        .map(Request::quoted)
        .collect(Collectors.joining(",", "{\"inputs\":[", "]}")));
  }

  /**
   * {@return a request with rows of numbers, as the JSON object {@code {"instances": [[...], ...]}}}
   *
   * <p>Models in this JVM, TensorFlow Serving, KServe's version 1 and Vertex AI's containers understand it.
   *
   * @throws io.fairlead.grammar.InvalidValueException if a number is NaN or infinite, which JSON has no form for
   */
  public static Request rows(float[]... rows) {
    Problems problems = Problems.in("Request");
    StringBuilder json = new StringBuilder("{\"instances\":[");
    for (int i = 0; i < rows.length; i++) {
      json.append(i == 0 ? "[" : ",[");
      for (int j = 0; j < rows[i].length; j++) {
        float number = rows[i][j];
        problems.check(
            Float.isFinite(number), "rows[" + i + "][" + j + "]", "must be finite", number);
        json.append(j == 0 ? "" : ",").append(number);
      }
      json.append(']');
    }
    problems.throwIfAny();
    return json(json.append("]}").toString());
  }

  /** A JSON string, by RFC 8259: all that has to be escaped is the quote, the backslash and control characters. */
  private static String quoted(String text) {
    int length = requireNonNull(text, "text").length();
    StringBuilder json = new StringBuilder(length + 2).append('"');
    for (int i = 0; i < length; i++) {
      char letter = text.charAt(i);
      if (letter == '"' || letter == '\\') {
        json.append('\\').append(letter);
      } else if (letter < ' ') {
        json.append(String.format("\\u%04x", (int) letter));
      } else {
        json.append(letter);
      }
    }
    return json.append('"').toString();
  }

  /** {@return a request with any body, which is copied} */
  public static Request of(byte[] body, String contentType) {
    return new Request(body.clone(), contentType, null, null, DEFAULT_TIMEOUT, Options.none());
  }

  /** {@return a request with any body, without a copy; the caller must not change it afterwards} */
  public static Request ofUnsafe(byte[] body, String contentType) {
    return new Request(
        requireNonNull(body, "body"), contentType, null, null, DEFAULT_TIMEOUT, Options.none());
  }

  /** {@return a copy that is pinned to one variant, whatever the traffic weights are} */
  public Request pinnedTo(String newVariant) {
    return new Request(
        body, contentType, path, requireNonNull(newVariant, "variant"), timeout, options);
  }

  /**
   * {@return a copy for one of the paths that the model's container serves, such as {@code /v1/chat/completions}}
   *
   * <p>A platform that passes paths on calls the container there. One whose endpoints have a single path calls that, and
   * the container tells requests apart by their bodies, as OpenAI-compatible servers do.
   */
  public Request withPath(String newPath) {
    return new Request(
        body, contentType, requireNonNull(newPath, "path"), variant, timeout, options);
  }

  /** {@return a copy with another timeout, which is the limit on the whole call} */
  public Request withTimeout(Duration newTimeout) {
    return new Request(
        body, contentType, path, variant, requireNonNull(newTimeout, "timeout"), options);
  }

  /** {@return a copy with an option of one platform} */
  public Request with(RequestOptions option) {
    return new Request(body, contentType, path, variant, timeout, options.with(option));
  }

  /** {@return a copy of the body} */
  public byte[] body() {
    return body.clone();
  }

  /** {@return a read-only view of the body, without a copy} */
  public ByteBuffer bodyBuffer() {
    return ByteBuffer.wrap(body).asReadOnlyBuffer();
  }

  /** {@return the body itself, without a copy; the caller must not change it} */
  public byte[] bodyUnsafe() {
    return body;
  }

  /** {@return the body as UTF-8 text} */
  public String text() {
    return new String(body, UTF_8);
  }

  public String contentType() {
    return contentType;
  }

  /** {@return the path of the model's container that it is for; empty for the platform's own} */
  public Optional<String> path() {
    return Optional.ofNullable(path);
  }

  /** {@return the variant that it is pinned to; empty to follow the traffic weights} */
  public Optional<String> variant() {
    return Optional.ofNullable(variant);
  }

  public Duration timeout() {
    return timeout;
  }

  public Options<RequestOptions> options() {
    return options;
  }

  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof Request that
        && Arrays.equals(body, that.body)
        && contentType.equals(that.contentType)
        && path().equals(that.path())
        && variant().equals(that.variant())
        && timeout.equals(that.timeout)
        && options.equals(that.options);
  }

  @Override
  public int hashCode() {
    return 31 * Arrays.hashCode(body) + contentType.hashCode();
  }

  @Override
  public String toString() {
    return "Request[" + body.length + " bytes of " + contentType
        + (path == null ? "" : " to " + path)
        + (variant == null ? "" : ", pinned to " + variant) + "]";
  }
}
