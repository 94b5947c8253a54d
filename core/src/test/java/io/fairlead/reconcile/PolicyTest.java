package io.fairlead.reconcile;

import static org.assertj.core.api.Assertions.assertThat;

import io.fairlead.reconcile.Observed.Status;
import io.fairlead.reconcile.Situation.Fact;
import java.util.Arrays;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The tables by which it is decided what to do next about one resource. */
class PolicyTest {
  private static final String PRESENT = """
      status   | operation | facts                                          | move
      READY    |           | AS_DESIRED                                     | DONE
      READY    |           | AS_DESIRED LOST                                | DONE
      READY    |           |                                                | UPDATE
      READY    |           | LOST                                           | FAIL_LOST
      READY    |           | CHANGE_ACCEPTED                                | UPDATE
      READY    |           | CHANGE_ACCEPTED AS_BEFORE SETTLING             | WAIT_UNTIL_CHANGE_VISIBLE
      READY    |           | CHANGE_ACCEPTED AS_BEFORE                      | FAIL_ROLLED_BACK
      READY    |           | CHANGE_ACCEPTED AS_BEFORE SETTLING SEEN_CHANGING | FAIL_ROLLED_BACK
      READY    |           | AS_BEFORE                                      | UPDATE
      READY    |           | CHANGE_ACCEPTED CONTESTED                      | FAIL_CONTESTED
      READY    |           | CONTESTED                                      | UPDATE
      READY    | RUNNING   | AS_DESIRED                                     | WAIT
      READY    | SUCCEEDED | AS_DESIRED                                     | LOOK_AGAIN
      READY    | FAILED    | AS_DESIRED                                     | RETRY_OPERATION
      CHANGING |           | AS_BEFORE CHANGE_ACCEPTED                      | WAIT
      DELETING |           |                                                | WAIT_UNTIL_DELETED
      FAILED   |           |                                                | REPLACE
      FAILED   |           | CHANGE_ACCEPTED                                | FAIL_MODEL
      FAILED   |           | SEEN_CHANGING                                  | FAIL_MODEL
      FAILED   |           | CHANGE_ACCEPTED SEEN_CHANGING RETRYING         | REPLACE
      ABSENT   |           |                                                | CREATE
      ABSENT   |           | ONLY_IF_PRESENT                                | DONE
      ABSENT   |           | LOST                                           | FAIL_LOST
      ABSENT   |           | CHANGE_ACCEPTED CREATED SETTLING               | WAIT_UNTIL_VISIBLE
      ABSENT   |           | CHANGE_ACCEPTED CREATED                        | CREATE
      ABSENT   |           | DELETION_ACCEPTED SETTLING                     | CREATE
      ABSENT   |           | CREATED CREATED_TOO_OFTEN                      | FAIL_NEVER_VISIBLE
      ABSENT   |           | CREATED SEEN_CHANGING                          | FAIL_DISAPPEARED
      ABSENT   |           | CREATED SEEN_CHANGING RETRYING                 | CREATE
      ABSENT   | RUNNING   |                                                | WAIT
      """;

  @ParameterizedTest
  @CsvSource(delimiter = '|', useHeadersInDisplayName = true, textBlock = PRESENT)
  void toBePresent(Status status, Outcome.@Nullable State operation, String facts, Move move) {
    assertThat(Policy.BE_PRESENT.next(situation(status, operation, facts))).isEqualTo(move);
  }

  private static final String ABSENT = """
      status   | operation | facts                                          | move
      ABSENT   |           |                                                | CHECK_LISTED
      ABSENT   |           | NOT_LISTED                                     | DONE
      ABSENT   |           | LISTED                                         | WAIT_UNTIL_UNLISTED
      ABSENT   |           | WROTE                                          | DONE
      READY    |           |                                                | DELETE
      FAILED   |           |                                                | DELETE
      CHANGING |           |                                                | DELETE
      DELETING |           |                                                | WAIT_UNTIL_DELETED
      READY    |           | FOREIGN_AND_KEPT                                     | KEEP
      READY    |           | MAY_BE_USED                                    | CHECK_USED
      READY    |           | MAY_BE_USED USED                               | KEEP
      READY    |           | MAY_BE_USED UNUSED                             | DELETE
      READY    |           | MAY_BE_USED DELETION_ACCEPTED                  | DELETE
      READY    |           | DELETION_ACCEPTED SETTLING                     | WAIT_UNTIL_DELETED
      READY    |           | DELETION_ACCEPTED                              | DELETE
      READY    |           | CHANGE_ACCEPTED SETTLING                       | DELETE
      READY    | RUNNING   | DELETION_ACCEPTED                              | WAIT_UNTIL_DELETED
      READY    | SUCCEEDED | DELETION_ACCEPTED                              | LOOK_AGAIN
      READY    | FAILED    | DELETION_ACCEPTED                              | RETRY_OPERATION
      READY    | FAILED    | DELETION_ACCEPTED NOTHING_TO_DELETE                | LOOK_AGAIN
      """;

  @ParameterizedTest
  @CsvSource(delimiter = '|', useHeadersInDisplayName = true, textBlock = ABSENT)
  void toBeAbsent(Status status, Outcome.@Nullable State operation, String facts, Move move) {
    assertThat(Policy.BE_ABSENT.next(situation(status, operation, facts))).isEqualTo(move);
  }

  private static final String ROLLED_BACK = """
      status   | operation | facts                                          | move
      ABSENT   |           |                                                | DONE
      ABSENT   |           | MAY_STILL_APPEAR                                 | WAIT_IN_CASE_IT_APPEARS
      ABSENT   |           | MAY_STILL_APPEAR WROTE                           | DONE
      READY    |           |                                                | KEEP
      READY    |           | OF_THIS_RUN                                    | DELETE
      READY    |           | OF_THIS_RUN MAY_BE_USED                        | CHECK_USED
      READY    |           | OF_THIS_RUN MAY_BE_USED USED                   | KEEP
      DELETING |           | OF_THIS_RUN                                    | WAIT_UNTIL_DELETED
      """;

  @ParameterizedTest
  @CsvSource(delimiter = '|', useHeadersInDisplayName = true, textBlock = ROLLED_BACK)
  void toBeRolledBack(Status status, Outcome.@Nullable State operation, String facts, Move move) {
    assertThat(Policy.BE_ROLLED_BACK.next(situation(status, operation, facts))).isEqualTo(move);
  }

  private static final String RESTORED = """
      status   | operation | facts                                          | move
      READY    |           | AS_WRITTEN                                     | UPDATE
      READY    |           |                                                | KEEP
      READY    |           | AS_BEFORE                                      | DONE
      READY    |           | AS_BEFORE MAY_STILL_APPEAR                       | WAIT_UNTIL_CHANGE_VISIBLE
      READY    |           | AS_BEFORE AS_WRITTEN MAY_STILL_APPEAR            | DONE
      READY    |           | AS_BEFORE RESTORED MAY_STILL_APPEAR              | DONE
      READY    |           | AS_WRITTEN RESTORED MAY_STILL_APPEAR             | WAIT_UNTIL_CHANGE_VISIBLE
      READY    |           | AS_WRITTEN RESTORED                            | UPDATE
      CHANGING |           | AS_WRITTEN                                     | WAIT
      READY    | RUNNING   | AS_WRITTEN                                     | WAIT
      READY    | FAILED    | AS_WRITTEN                                     | LOOK_AGAIN
      READY    | FAILED    | AS_WRITTEN RESTORED                            | RETRY_OPERATION
      READY    | SUCCEEDED | AS_WRITTEN                                     | LOOK_AGAIN
      ABSENT   |           |                                                | KEEP
      FAILED   |           |                                                | KEEP
      """;

  @ParameterizedTest
  @CsvSource(delimiter = '|', useHeadersInDisplayName = true, textBlock = RESTORED)
  void toBeRestored(Status status, Outcome.@Nullable State operation, String facts, Move move) {
    assertThat(Policy.BE_RESTORED.next(situation(status, operation, facts))).isEqualTo(move);
  }

  @ParameterizedTest
  @CsvSource({
    "READY, DONE",
    "CHANGING, WAIT",
    "FAILED, FAIL_FAILED_EARLIER",
    "ABSENT, FAIL_ABSENT",
    "DELETING, FAIL_ABSENT"
  })
  void toBeReady(Status status, Move move) {
    assertThat(Policy.BE_READY.next(situation(status, null, null))).isEqualTo(move);
  }

  private static Situation situation(
      Status status, Outcome.@Nullable State operation, @Nullable String facts) {
    Set<Fact> all = facts == null
        ? Set.of()
        : Arrays.stream(facts.split(" ")).map(Fact::valueOf).collect(Collectors.toSet());
    return new Situation(status, Optional.ofNullable(operation), all);
  }
}
