package io.fairlead.stateful;

import static java.util.Objects.requireNonNull;

import io.fairlead.platform.Response;
import io.fairlead.platform.ResponseDetail;
import java.time.Duration;

/**
 * Where an answer comes from, how old it is, and how far it may be from the model's.
 *
 * <pre>{@code
 * Response answer = stateful.cacheForward(container, request);
 * System.out.println(CacheAnswer.of(answer).source());
 * }</pre>
 *
 * @param source where it comes from
 * @param modelDigest the digest of the model version that answered, 64 hexadecimal digits; empty if the version is not
 *     known, which an answer from the cache never is
 * @param age the time since the model answered; 0 if it did for this request
 * @param maxError the declared error: for {@link Source#CACHE_CELL} of a linear model the bound of its raw score, for
 *     {@link Source#CACHE_APPROX} what at most {@code errorRate} of the answers exceed in any number; 0 for the model's own
 *     answer
 * @param errorRate the highest rate of answers that differ by more than was declared; 0 but for {@link
 *     Source#CACHE_APPROX}
 */
public record CacheAnswer(
    Source source, String modelDigest, Duration age, double maxError, double errorRate)
    implements ResponseDetail {
  /** The source of an answer. */
  public enum Source {
    /** The model, asked for this request or for an equal one at the same time. */
    MODEL,
    /** The cache in this process, asked for the same request. */
    CACHE_EXACT,
    /** The cache in this process, asked for a request that the model cannot tell apart from this one, within maxError. */
    CACHE_CELL,
    /** The cache in this process, asked for a similar request: within the rate of errors that was declared. */
    CACHE_APPROX,
    /** The second level of the cache, beyond this process. */
    L2
  }

  public CacheAnswer {
    requireNonNull(source, "source");
    requireNonNull(modelDigest, "modelDigest");
    requireNonNull(age, "age");
  }

  /**
   * {@return what an answer of {@code cacheForward} tells of itself}
   *
   * @throws IllegalArgumentException if it is another answer
   */
  public static CacheAnswer of(Response response) {
    return response
        .find(CacheAnswer.class)
        .orElseThrow(() -> new IllegalArgumentException(
            response + " is not an answer of cacheForward, and so tells no source"));
  }

  /** {@return whether the model was not asked for it} */
  public boolean isHit() {
    return source != Source.MODEL;
  }

  /** {@return a detail of an answer that is the model's own} */
  public static CacheAnswer of(Source source, String modelDigest, Duration age) {
    return new CacheAnswer(source, modelDigest, age, 0, 0);
  }
}
