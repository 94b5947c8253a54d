package io.fairlead.serverless.internal.http;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.netty.buffer.Unpooled;
import io.netty.handler.codec.http.HttpResponseStatus;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Base64;
import java.util.Map;

/**
 * The status page for people: one static document, whose script reads the {@link Status}.
 *
 * <p>Its Content-Security-Policy allows its own style and script, by their digests, and requests to this server.
 */
final class StatusPage {
  private static final byte[] PAGE = read();
  private static final String POLICY = policy(new String(PAGE, UTF_8));

  private StatusPage() {}

  static Answer answer() {
    return Answer.of(
            HttpResponseStatus.OK, "text/html; charset=utf-8", Unpooled.wrappedBuffer(PAGE))
        .with(Map.of(
            "content-security-policy", POLICY,
            "x-content-type-options", "nosniff",
            "referrer-policy", "no-referrer",
            "cache-control", "no-cache",
            "vary", "accept"));
  }

  private static byte[] read() {
    try (InputStream in = StatusPage.class.getResourceAsStream("status.html")) {
      if (in == null) {
        throw new IllegalStateException("status.html is missing in the jar of this class");
      }
      return in.readAllBytes();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static String policy(String page) {
    return "default-src 'none'; connect-src 'self'; img-src data:; style-src '"
        + digest(page, "<style>", "</style>") + "'; script-src '"
        + digest(page, "<script>", "</script>")
        + "'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
  }

  private static String digest(String page, String start, String end) {
    String text = page.substring(page.indexOf(start) + start.length(), page.indexOf(end));
    try {
      return "sha256-"
          + Base64.getEncoder()
              .encodeToString(MessageDigest.getInstance("SHA-256").digest(text.getBytes(UTF_8)));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }
}
