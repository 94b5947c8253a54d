package io.fairlead.reconcile;

/** The next step of reconciling one resource. */
enum Move {
  /** Its goal is reached. */
  DONE,
  /** It stays as it is, because this run must not change it. */
  KEEP,

  /** Wait: it is changing. */
  WAIT,
  /** Wait until the created resource is visible. */
  WAIT_UNTIL_VISIBLE,
  /** Wait until the update is visible. */
  WAIT_UNTIL_CHANGE_VISIBLE,
  /** Wait until the resource is deleted. */
  WAIT_UNTIL_DELETED,
  /** Wait in case the resource appears: a create without an answer may have succeeded. */
  WAIT_IN_CASE_IT_APPEARS,
  /** Wait until the list no longer has it, or it is visible. */
  WAIT_UNTIL_UNLISTED,
  /** Read again, because the platform's operation has ended. */
  LOOK_AGAIN,
  /** The platform's operation has failed: retry it if the error is retryable, or fail with the error. */
  RETRY_OPERATION,

  CREATE,
  UPDATE,
  /** Delete the failed resource, to create it again. */
  REPLACE,
  DELETE,

  /** Check whether it is listed. */
  CHECK_LISTED,
  /** Check whether something uses it. */
  CHECK_USED,

  /** Fail: it does not exist. */
  FAIL_ABSENT,
  /** Fail: it failed before this run. */
  FAIL_FAILED_EARLIER,
  /** Fail: it failed after this run's change. */
  FAIL_MODEL,
  /** Fail: it disappeared while it was being created. */
  FAIL_DISAPPEARED,
  /** Fail: the platform reports it as created and never shows it. */
  FAIL_NEVER_VISIBLE,
  /** Fail: the platform has rolled this run's change back. */
  FAIL_ROLLED_BACK,
  /** Fail: another process keeps modifying it. */
  FAIL_CONTESTED,
  /** Fail: another run has taken the variant over. */
  FAIL_LOST
}
