package io.fairlead.stateful.internal;

import io.fairlead.grammar.Served;
import io.fairlead.stateful.internal.features.FeatureCells;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/** A model version that serves under a name, with the key space of its answers. */
final class Version {
  /** So many content types are shared; a type may have a parameter that differs in each request. */
  private static final int MOST_SHARED = 16;

  private final Served served;
  private final @Nullable String variant;
  private final String digest;
  private final RequestKeys keys;
  private final ImportanceTracking importance = new ImportanceTracking();
  private final AtomicBoolean prepared = new AtomicBoolean();
  private volatile @Nullable FeatureCells cells;
  private volatile @Nullable Approximation approximation;
  private final CallsInProgress calls = new CallsInProgress();
  private final ConcurrentMap<String, String> contentTypes = new ConcurrentHashMap<>();

  /**
   * Creates a version.
   *
   * @param served what is invoked
   * @param variant its variant; null on a platform without variants
   * @param digest what makes its answers different from other versions', 64 hexadecimal digits
   */
  Version(Served served, @Nullable String variant, String digest) {
    this.served = served;
    this.variant = variant;
    this.digest = digest;
    this.keys = new RequestKeys(digest);
  }

  Served served() {
    return served;
  }

  @Nullable
  String variant() {
    return variant;
  }

  String digest() {
    return digest;
  }

  /** {@return the cells of rows that the model cannot tell apart; null if they are not known, or not used} */
  @Nullable
  FeatureCells cells() {
    return cells;
  }

  void use(@Nullable FeatureCells newCells) {
    cells = newCells;
  }

  /** {@return whether it is for the caller to find its cells, which one does} */
  boolean prepare() {
    return !prepared.getAndSet(true);
  }

  /** Has its cells found anew, because another policy applies. */
  void unprepare() {
    prepared.set(false);
  }

  /** {@return its approximate answers; null if there are to be none} */
  @Nullable
  Approximation approximation() {
    return approximation;
  }

  void use(@Nullable Approximation newApproximation) {
    approximation = newApproximation;
  }

  /** {@return the importance of its features} */
  ImportanceTracking importance() {
    return importance;
  }

  RequestKeys keys() {
    return keys;
  }

  /** {@return an equal text that all answers of this version share} */
  String shared(String contentType) {
    String known = contentTypes.get(contentType);
    if (known != null) {
      return known;
    }
    if (contentTypes.size() < MOST_SHARED) {
      contentTypes.put(contentType, contentType);
    }
    return contentType;
  }

  CallsInProgress calls() {
    return calls;
  }

  @Override
  public String toString() {
    return variant == null ? digest.substring(0, 12) : variant;
  }
}
