package io.fairlead.platform;

import static java.nio.charset.StandardCharsets.UTF_8;
import static java.util.Objects.requireNonNull;

import io.fairlead.json.JsonAnswer;
import io.fairlead.json.OutputTensor;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * A model's answer: a body and its content type, the variant that answered, and details that only one platform has.
 *
 * <p>Immutable. Neither the body nor the details appear in {@link #toString()}.
 */
public final class Response {
  private static final byte[] NO_BODY = {};

  private final byte[] body;
  private final String contentType;
  private final @Nullable String variant;
  private final Map<Class<?>, ResponseDetail> details;

  private Response(
      byte[] body,
      String contentType,
      @Nullable String variant,
      Map<Class<?>, ResponseDetail> details) {
    this.body = body;
    this.contentType = requireNonNull(contentType, "contentType");
    this.variant = variant;
    this.details = details;
  }

  /** {@return an answer in JSON} */
  public static Response json(String json) {
    return new Response(json.getBytes(UTF_8), "application/json", null, Map.of());
  }

  /** {@return an answer with any body, which is copied} */
  public static Response of(byte[] body, String contentType) {
    return new Response(body.clone(), contentType, null, Map.of());
  }

  /** {@return an answer with any body, without a copy; the caller must not change it afterwards} */
  public static Response ofUnsafe(byte[] body, String contentType) {
    return new Response(requireNonNull(body, "body"), contentType, null, Map.of());
  }

  /** {@return a copy with the variant that answered} */
  public Response servedBy(String newVariant) {
    return new Response(body, contentType, requireNonNull(newVariant, "variant"), details);
  }

  /** {@return a copy with a detail, which replaces one of the same type} */
  public Response with(ResponseDetail detail) {
    if (details.isEmpty()) {
      return new Response(body, contentType, variant, Map.of(detail.getClass(), detail));
    }
    Map<Class<?>, ResponseDetail> all = new HashMap<>(details);
    all.put(detail.getClass(), detail);
    return new Response(body, contentType, variant, Map.copyOf(all));
  }

  /**
   * Passes the body on as one piece, unless it is empty.
   *
   * @param pieces receives the body, read-only
   * @return a copy without the body
   */
  public Response handOn(Consumer<? super ByteBuffer> pieces) {
    if (body.length > 0) {
      pieces.accept(bodyBuffer());
    }
    return new Response(NO_BODY, contentType, variant, details);
  }

  /** {@return a copy with another body, which is copied} */
  public Response withBody(byte[] newBody) {
    return new Response(newBody.clone(), contentType, variant, details);
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

  /**
   * {@return the vectors of a JSON answer, one for each instance: the elements of an array or of {@code predictions}, or
   * the rows of the only tensor in {@code outputs}}
   *
   * @throws io.fairlead.grammar.InvalidValueException if the answer has another form
   */
  public float[][] vectors() {
    return JsonAnswer.of(body).vectors();
  }

  /**
   * {@return the predictions of a JSON answer, one for each instance: the elements of an array or of {@code predictions}}
   *
   * @param type a type that Jackson reads, such as a record, a {@link Map}, {@link String} or {@code float[]}; members of
   *     an object that the type does not have are ignored
   * @throws io.fairlead.grammar.InvalidValueException if the answer has another form, or an element does not fit
   */
  public <T> List<T> predictions(Class<T> type) {
    return JsonAnswer.of(body).predictions(type);
  }

  /**
   * {@return a tensor of a JSON answer in the Open Inference Protocol, from its {@code outputs}}
   *
   * @throws io.fairlead.grammar.InvalidValueException if the answer has another form, or no output of this name
   */
  public OutputTensor tensor(String name) {
    return JsonAnswer.of(body).tensor(name);
  }

  public String contentType() {
    return contentType;
  }

  /** {@return the variant that answered; empty where there are no variants} */
  public Optional<String> variant() {
    return Optional.ofNullable(variant);
  }

  /** {@return the platform's detail of this type, if the answer has one} */
  public <T extends ResponseDetail> Optional<T> find(Class<T> type) {
    return Optional.ofNullable(details.get(type)).map(type::cast);
  }

  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof Response that
        && Arrays.equals(body, that.body)
        && contentType.equals(that.contentType)
        && variant().equals(that.variant())
        && details.equals(that.details);
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
