package io.fairlead.reconcile;

import static java.util.Objects.requireNonNull;

import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * What was seen where a resource should be.
 *
 * @param status what state it is in
 * @param value what it is, as far as it can be compared with what it should be
 * @param revision the platform's own mark of this state (an etag), with which a change can be made conditional
 * @param run the operation that made it, where that can be read
 * @param foreign whether it is somebody else's; then it is never touched
 * @param detail how far it is, or why it failed or went back to its former state; may be empty
 */
public record Observed<T>(
    Status status,
    Optional<T> value,
    Optional<String> revision,
    Optional<String> run,
    boolean foreign,
    String detail) {
  /** The state of a resource. */
  public enum Status {
    /** It is not there. */
    ABSENT,
    /** It is being made or changed. */
    CHANGING,
    /** It is there and does its work. If a change to it failed it is this too, with its former value. */
    READY,
    /** It failed and does no work for anyone. */
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
