package io.fairlead.operation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.fairlead.operation.Plan.Action;
import io.fairlead.operation.Plan.Change;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.EnumSource.Mode;

class PlanTest {
  private static final Change KEEP_MODEL = change("model bert", Action.KEEP);
  private static final Change CREATE_MODEL = change("model bert", Action.CREATE);
  private static final Change CREATE_ENDPOINT = change("endpoint bert", Action.CREATE);
  private static final Change UPDATE_ENDPOINT =
      new Change("endpoint bert", Action.UPDATE, List.of("count: 1 -> 2", "blue: 100 -> 90"));

  @Test
  void aPlanThatOnlyKeepsIsEmpty() {
    assertThat(Plan.EMPTY.isEmpty()).isTrue();
    assertThat(plan(KEEP_MODEL).isEmpty()).isTrue();
  }

  @ParameterizedTest
  @EnumSource(mode = Mode.EXCLUDE, names = "KEEP")
  void aPlanWithAnyOtherActionIsNot(Action action) {
    assertThat(plan(KEEP_MODEL, change("endpoint bert", action)).isEmpty()).isFalse();
  }

  @Test
  void aPlanFollowedByAnotherIsBothInOrder() {
    assertThat(plan(CREATE_MODEL).then(plan(CREATE_ENDPOINT, UPDATE_ENDPOINT)))
        .isEqualTo(plan(CREATE_MODEL, CREATE_ENDPOINT, UPDATE_ENDPOINT));
    assertThat(Plan.EMPTY.then(plan(CREATE_MODEL))).isEqualTo(plan(CREATE_MODEL));
    assertThat(plan(CREATE_MODEL).then(Plan.EMPTY)).isEqualTo(plan(CREATE_MODEL));
  }

  @Test
  void whatTheFirstPlanListsIsNotKeptAgainByTheSecond() {
    assertThat(plan(CREATE_MODEL).then(plan(KEEP_MODEL, CREATE_ENDPOINT)))
        .isEqualTo(plan(CREATE_MODEL, CREATE_ENDPOINT));
  }

  @Test
  void whatOnlyTheSecondPlanKeepsIsListed() {
    assertThat(plan(CREATE_ENDPOINT).then(plan(KEEP_MODEL)))
        .isEqualTo(plan(CREATE_ENDPOINT, KEEP_MODEL));
  }

  @Test
  void aWarningIsSaidOnce() {
    Plan first = new Plan(List.of(), List.of("labels are lower case here", "min is 1 here"));
    Plan second = new Plan(List.of(), List.of("min is 1 here", "weights are relative here"));

    assertThat(first.then(second).warnings())
        .containsExactly(
            "labels are lower case here", "min is 1 here", "weights are relative here");
  }

  @Test
  void aPlanIsPrintedLineByLine() {
    Plan plan = new Plan(List.of(KEEP_MODEL, UPDATE_ENDPOINT), List.of("min is 1 here"));

    assertThat(plan).hasToString("""
        keep model bert
        update endpoint bert (count: 1 -> 2, blue: 100 -> 90)
        warning: min is 1 here""");
  }

  @Test
  void aPlanWithoutChangesSaysThatThereIsNothingToDo() {
    assertThat(Plan.EMPTY).hasToString("nothing to do");
    assertThat(new Plan(List.of(), List.of("min is 1 here")))
        .hasToString("nothing to do\nwarning: min is 1 here");
  }

  @Test
  void changesLossesAndDetailsAreCopies() {
    List<String> details = new ArrayList<>(List.of("count: 1 -> 2"));
    Change change = new Change("endpoint bert", Action.UPDATE, details);
    List<Change> changes = new ArrayList<>(List.of(change));
    List<String> warnings = new ArrayList<>(List.of("min is 1 here"));
    Plan plan = new Plan(changes, warnings);

    details.clear();
    changes.clear();
    warnings.clear();

    assertThat(plan.changes()).containsExactly(change);
    assertThat(plan.warnings()).containsExactly("min is 1 here");
    assertThat(change.details()).containsExactly("count: 1 -> 2");
    assertThatThrownBy(() -> plan.changes().clear())
        .isInstanceOf(UnsupportedOperationException.class);
  }

  private static Plan plan(Change... changes) {
    return new Plan(List.of(changes), List.of());
  }

  private static Change change(String resource, Action action) {
    return new Change(resource, action, List.of());
  }
}
