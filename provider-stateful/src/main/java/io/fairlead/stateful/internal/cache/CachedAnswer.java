package io.fairlead.stateful.internal.cache;

import static java.util.Objects.requireNonNull;

import org.jspecify.annotations.Nullable;

/**
 * A model's answer in the cache. Immutable, but for the mark that it is in a snapshot; compared by identity.
 *
 * <p>The arrays are not copied, and nobody changes them.
 */
public final class CachedAnswer {
  private final byte[] body;
  private final String contentType;
  private final @Nullable String variant;
  private final String modelDigest;
  private final long answeredAtMillis;
  private final long costNanos;
  private final @Nullable RetainedRequest request;

  /** Only to know what a snapshot lacks: a thread that sees it late writes an answer twice. */
  private boolean saved;

  /**
   * Creates an entry.
   *
   * @param variant the variant that answered, where there are variants; a string that its entries share
   * @param modelDigest the digest of the model version that answered; a string that its entries share
   * @param answeredAtMillis when it answered, in milliseconds since 1970
   * @param costNanos how long the model took
   * @param request the request, unless requests are not retained
   */
  public CachedAnswer(
      byte[] body,
      String contentType,
      @Nullable String variant,
      String modelDigest,
      long answeredAtMillis,
      long costNanos,
      @Nullable RetainedRequest request) {
    this.body = requireNonNull(body, "body");
    this.contentType = requireNonNull(contentType, "contentType");
    this.variant = variant;
    this.modelDigest = requireNonNull(modelDigest, "modelDigest");
    this.answeredAtMillis = answeredAtMillis;
    this.costNanos = costNanos;
    this.request = request;
  }

  /**
   * A request that is kept with its answer, to be asked again of a new version.
   *
   * @param scope the tenant's scope; empty if there is none
   * @param contentType the content type of the body
   * @param body the body, which nobody changes
   */
  @SuppressWarnings(
      "ArrayRecordComponent") // Compared by identity; a copy for each would cost the heap.
  public record RetainedRequest(String scope, String contentType, byte[] body) {}

  /** {@return the body itself} */
  public byte[] body() {
    return body;
  }

  public String contentType() {
    return contentType;
  }

  public @Nullable String variant() {
    return variant;
  }

  public String modelDigest() {
    return modelDigest;
  }

  public long answeredAtMillis() {
    return answeredAtMillis;
  }

  public long costNanos() {
    return costNanos;
  }

  public @Nullable RetainedRequest request() {
    return request;
  }

  /** {@return the same answer to a request that is retained with it} */
  public CachedAnswer with(@Nullable RetainedRequest newRequest) {
    return new CachedAnswer(
        body, contentType, variant, modelDigest, answeredAtMillis, costNanos, newRequest);
  }

  /** {@return whether it is in a snapshot} */
  public boolean isSaved() {
    return saved;
  }

  public void markSaved() {
    saved = true;
  }
}
