package io.fairlead.platform;

import static java.nio.charset.StandardCharsets.UTF_8;
import static java.util.Objects.requireNonNull;

import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * A model's answer: bytes, what they are, and which version gave it.
 *
 * <p>Immutable. Its payload never appears in {@link #toString()}.
 */
public final class Response {
  private final byte[] body;
  private final String contentType;
  private final @Nullable String variant;

  private Response(byte[] body, String contentType, @Nullable String variant) {
    this.body = body;
    this.contentType = requireNonNull(contentType, "contentType");
    this.variant = variant;
  }

  /** {@return an answer in JSON} */
  public static Response json(String json) {
    return new Response(json.getBytes(UTF_8), "application/json", null);
  }

  /** {@return an answer of any kind; the body is copied} */
  public static Response of(byte[] body, String contentType) {
    return new Response(body.clone(), contentType, null);
  }

  /** {@return an answer of any kind, whose body is not copied, from those who do not change it afterwards} */
  public static Response ofUnsafe(byte[] body, String contentType) {
    return new Response(requireNonNull(body, "body"), contentType, null);
  }

  /** {@return the same answer, marked with the variant that gave it} */
  public Response servedBy(String newVariant) {
    return new Response(body, contentType, requireNonNull(newVariant, "variant"));
  }

  /** {@return a copy of the body} */
  public byte[] body() {
    return body.clone();
  }

  /** {@return the body without a copy, to be read only} */
  public ByteBuffer bodyBuffer() {
    return ByteBuffer.wrap(body).asReadOnlyBuffer();
  }

  /** {@return the body as UTF-8 text} */
  public String text() {
    return new String(body, UTF_8);
  }

  public String contentType() {
    return contentType;
  }

  /** {@return the variant that answered; empty where there are no variants} */
  public Optional<String> variant() {
    return Optional.ofNullable(variant);
  }

  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof Response that
        && Arrays.equals(body, that.body)
        && contentType.equals(that.contentType)
        && variant().equals(that.variant());
  }

  @Override
  public int hashCode() {
    return 31 * Arrays.hashCode(body) + contentType.hashCode();
  }

  @Override
  public String toString() {
    return "Response[" + body.length + " bytes of " + contentType
        + (variant == null ? "" : ", served by " + variant) + "]";
  }
}
