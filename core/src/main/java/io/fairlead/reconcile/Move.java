package io.fairlead.reconcile;

/** What to do next about one resource. */
enum Move {
  /** It has come to its goal. */
  DONE,
  /** It stays as it is: it is not this run's to change. */
  KEEP,

  /** Wait: it is on its way. */
  WAIT,
  /** Wait until what was created shows. */
  WAIT_UNTIL_IT_SHOWS,
  /** Wait until what was changed shows. */
  WAIT_UNTIL_THE_CHANGE_SHOWS,
  /** Wait until what was deleted is gone. */
  WAIT_UNTIL_IT_IS_GONE,
  /** Wait whether what may have been done shows after all. */
  WAIT_WHETHER_IT_SHOWS,
  /** Wait until the list and the resource agree. */
  WAIT_UNTIL_IT_IS_LISTED_NO_LONGER,
  /** An operation has ended: what was read before says nothing any more. */
  LOOK_AGAIN,
  /** An operation has failed: try again if its reason passes, or fail with it. */
  RETRY_OPERATION,

  CREATE,
  UPDATE,
  /** Delete what failed, to create it again. */
  REPLACE,
  DELETE,

  /** Ask whether it is listed. */
  ASK_WHETHER_LISTED,
  /** Ask whether something uses it. */
  ASK_WHETHER_USED,

  /** Fail: it is not there. */
  FAIL_ABSENT,
  /** Fail: it failed before this run. */
  FAIL_FAILED_EARLIER,
  /** Fail: it failed under this run's change. */
  FAIL_MODEL,
  /** Fail: it went away while it was being created. */
  FAIL_WENT_AWAY,
  /** Fail: the platform never shows what it reports as done. */
  FAIL_NEVER_SHOWS,
  /** Fail: the platform has rolled this run's change back. */
  FAIL_ROLLED_BACK,
  /** Fail: another process keeps modifying it. */
  FAIL_CONTESTED,
  /** Fail: another run holds the name by now. */
  FAIL_LOST
}
