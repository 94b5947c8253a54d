package io.fairlead.reconcile;

import io.fairlead.reconcile.Resource.Goal;
import io.fairlead.reconcile.Resource.Role;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/** The rollback of a run: in reverse order, of what it created or changed, and of nothing else. */
final class Rollback {
  /**
   * The result of a rollback, read again after the last change.
   *
   * @param rolledBack the resources that were deleted or restored
   * @param kept the resources that the run created and others use by now
   * @param left the resources that could not be rolled back, each with the reason
   * @param problems the failures of the rollback
   */
  record Result(
      List<String> rolledBack, List<String> kept, List<String> left, List<Throwable> problems) {}

  private final Driver driver;
  private final Run<?> run;
  private final List<Step<?>> steps;
  private final Result result =
      new Result(new ArrayList<>(), new ArrayList<>(), new ArrayList<>(), new ArrayList<>());

  Rollback(Driver driver, Run<?> run, List<Step<?>> steps) {
    this.driver = driver;
    this.run = run;
    this.steps = steps;
  }

  /**
   * {@return the result of rolling everything back}
   *
   * @param isRemoval whether the operation deletes variants: a deleted one gets no traffic weight back
   */
  Result all(boolean isRemoval) throws RunEnded {
    driver.beginRollback();
    steps.stream()
        .filter(Step::mayHaveCreated)
        .forEach(step -> driver.toDelete.add(step.resource.ref()));
    // Settings that variants share stay as the current owner of the name needs them.
    boolean forward = driver.isLost || (isRemoval && !driver.deleted.isEmpty());
    List<Step<?>> reversed = new ArrayList<>(steps);
    Collections.reverse(reversed);
    for (Step<?> step : reversed) {
      run.checkStop();
      boolean made = step.mayHaveCreated() || step.failedHere;
      boolean changed =
          step.before.isPresent() && !(forward && step.resource.role() == Role.SETTING);
      if (made || changed || step.tried) {
        one(step, made || changed);
      }
    }
    return result;
  }

  private <T> void one(Step<T> step, boolean done) throws RunEnded {
    step.looked = null;
    step.last = step.last.inconclusive();
    try {
      boolean restores = step.before.isPresent() && !step.created;
      if (done && (restores ? driver.restore(step).wrote() : delete(step))) {
        result.rolledBack().add(step.toString());
      }
      if (step.tried) {
        driver.deleteSuperseded(step);
      }
    } catch (RunEnded e) {
      switch (e.why) {
        case FAILED, RESTART -> {
          result.left().add(step + " (" + e.failure().getMessage() + ")");
          result.problems().add(e.failure());
        }
        case TIMED_OUT -> result.left().add(step + " (it was not gone in time)");
        default -> throw e;
      }
    }
  }

  /** Deletes what the run created, unless it was changed since by another process or by hand. */
  private <T> boolean delete(Step<T> step) throws RunEnded {
    Step<T> removal =
        step.toRollBack(step.resource.role() == Role.SHARED ? Goal.ABSENT_IF_UNUSED : Goal.ABSENT);
    Driver.End end = driver.drive(removal, Policy.BE_ROLLED_BACK);
    if (end.move() == Move.DONE) {
      if (!end.wrote()) {
        driver.toDelete.remove(step.resource.ref());
      }
      return end.wrote();
    }
    driver.toDelete.remove(step.resource.ref());
    Observed<T> seen = driver.read(step);
    if (removal.carriesTheRun(seen, run.id().value())) {
      boolean asWritten = removal.isOfRun(seen, run.id().value());
      if (asWritten) {
        result.kept().add(step.toString());
      } else {
        result.left().add(step + " (it was changed by another process or by hand meanwhile)");
      }
    }
    return false;
  }
}
