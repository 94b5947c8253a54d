package io.fairlead.reconcile;

import static java.util.Objects.requireNonNull;

import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The actual state of a resource, as it was read.
 *
 * @param status its status
 * @param value its actual state, as far as it can be compared with the desired one
 * @param revision the platform's revision of this state (an etag), with which a change can be made conditional
 * @param run the id of the operation that created it, where that can be read
 * @param foreign whether it is not managed by Fairlead; then it is never changed or deleted
 * @param detail its progress, or why it failed or was rolled back by the platform; may be empty
 */
public record Observed<T>(
    Status status,
    Optional<T> value,
    Optional<String> revision,
    Optional<String> run,
    boolean foreign,
    String detail) {
  /** The status of a resource. */
  public enum Status {
    /** It does not exist. */
    ABSENT,
    /** It is being created or updated. */
    CHANGING,
    /** It works. Also after an update that failed, with its former value. */
    READY,
    /** It failed and does not work. */
    FAILED,
    /** It is being deleted. */
    DELETING
  }

  public Observed {
    requireNonNull(status, "status");
    requireNonNull(value, "value");
    requireNonNull(revision, "revision");
    requireNonNull(run, "run");
    requireNonNull(detail, "detail");
    if (status == Status.READY && value.isEmpty()) {
      throw new IllegalArgumentException("a READY resource must have a value");
    }
  }

  public static <T> Observed<T> absent() {
    return of(Status.ABSENT, null, "");
  }

  public static <T> Observed<T> ready(T value) {
    return of(Status.READY, value, "");
  }

  public static <T> Observed<T> changing(String progress) {
    return of(Status.CHANGING, null, progress);
  }

  public static <T> Observed<T> failed(String reason) {
    return of(Status.FAILED, null, reason);
  }

  public static <T> Observed<T> deleting() {
    return of(Status.DELETING, null, "");
  }

  public static <T> Observed<T> of(Status status, @Nullable T value, String detail) {
    return new Observed<>(
        status, Optional.ofNullable(value), Optional.empty(), Optional.empty(), false, detail);
  }

  public Observed<T> withRevision(String newRevision) {
    return new Observed<>(status, value, Optional.of(newRevision), run, foreign, detail);
  }

  public Observed<T> withDetail(String newDetail) {
    return new Observed<>(status, value, revision, run, foreign, newDetail);
  }

  public Observed<T> madeBy(String newRun) {
    return new Observed<>(status, value, revision, Optional.of(newRun), foreign, detail);
  }

  public Observed<T> asForeign() {
    return new Observed<>(status, value, revision, run, true, detail);
  }
}
