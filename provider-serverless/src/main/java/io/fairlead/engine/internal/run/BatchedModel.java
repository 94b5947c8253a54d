package io.fairlead.engine.internal.run;

import io.fairlead.engine.Call;
import io.fairlead.engine.LoadOptions;
import io.fairlead.engine.Tensor;
import io.fairlead.engine.TensorModel;
import io.fairlead.engine.TensorSpec;
import io.fairlead.engine.internal.support.Failures;
import io.fairlead.engine.internal.tensor.RawTensors;
import io.fairlead.engine.internal.tensor.Tensors;
import io.fairlead.error.ErrorKind;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A model with dynamic batching: requests that wait at the same time are computed together.
 *
 * <p>No request waits for a batch to fill: as long as fewer runs are in progress than there are processors for them, it
 * runs at once. When a run ends, the request that has waited longest is next, with all waiting ones that request the
 * same outputs and whose tensors differ from its own in the first dimension at most, up to the memory limit of each of
 * them. There is no padding.
 *
 * <p>Unless its rows are known to be independent, the requests of some batches also run alone, are answered so, and the two
 * answers are {@linkplain BatchComparison compared}. Where they differ, the model gets no batches any more.
 *
 * <p>A batch runs on the thread of the request with the latest deadline: the others leave at theirs, and the run is
 * stopped when all have left. When a batch fails, each of its requests runs alone.
 */
public final class BatchedModel implements TensorModel {
  private static final Logger LOG = LoggerFactory.getLogger(BatchedModel.class);

  private final TensorModel model;
  private final int maxRows;
  private final int maxRuns;
  private final Failures failures;
  private final @Nullable BatchComparison comparison;
  private final ReentrantLock lock = new ReentrantLock();
  private final ArrayDeque<Waiter> queue = new ArrayDeque<>();
  private int runs;
  private volatile String refused = "";

  /**
   * Creates a model.
   *
   * @param maxRows the maximum number of rows of a batch
   * @param maxRuns the maximum number of runs in progress before requests wait
   * @param independent whether the rows are known to be independent, or their dependence is allowed
   */
  BatchedModel(
      TensorModel model, int maxRows, int maxRuns, boolean independent, Failures failures) {
    this.model = model;
    this.maxRows = maxRows;
    this.maxRuns = maxRuns;
    this.comparison = independent ? null : new BatchComparison();
    this.failures = failures;
  }

  /**
   * {@return a model with batching, if the options enable it}
   *
   * @param independent whether its rows are known to be independent
   */
  public static TensorModel of(
      TensorModel model, LoadOptions options, boolean independent, Failures failures) {
    int runs = Math.max(1, Runtime.getRuntime().availableProcessors() / options.threads());
    return options.maxBatch() == 1
        ? model
        : new BatchedModel(
            model,
            options.maxBatch(),
            runs,
            independent || options.batchDependentAllowed(),
            failures);
  }

  /** {@return {@code on}, or {@code off} with the reason; empty for a model without batching} */
  public static Optional<String> state(TensorModel model) {
    return model instanceof BatchedModel batched
        ? Optional.of(batched.refused.isEmpty() ? "on" : "off: " + batched.refused)
        : Optional.empty();
  }

  /** {@return the reason why a model cannot be batched, to follow its name; empty if it can} */
  public static String refusal(TensorModel model) {
    List<TensorSpec> all = new ArrayList<>(model.inputs());
    all.addAll(model.outputs());
    for (TensorSpec spec : all) {
      if (spec.shape().isEmpty() || spec.shape().get(0) != -1) {
        return "takes no batches, because the first dimension of its '" + spec.name()
            + "' is not open (" + spec.shape() + "): load it with a maxBatch of 1";
      }
    }
    return "";
  }

  @Override
  public List<TensorSpec> inputs() {
    return model.inputs();
  }

  @Override
  public List<TensorSpec> outputs() {
    return model.outputs();
  }

  @Override
  public Map<String, String> unanswerable() {
    return model.unanswerable();
  }

  @Override
  public List<Tensor> run(List<Tensor> inputs, List<String> outputs, Call call) {
    long rows = rows(inputs);
    if (!refused.isEmpty() || rows < 1 || rows >= maxRows) {
      return model.run(inputs, outputs, call);
    }
    Waiter waiter = new Waiter(inputs, outputs, call, (int) rows, lock.newCondition());
    if (!tryRun(waiter)) {
      await(waiter);
    }
    List<Waiter> batch = waiter.batch;
    if (batch != null) {
      try {
        return lead(waiter, batch);
      } finally {
        next();
      }
    }
    if (waiter.answer != null) {
      return waiter.answer;
    }
    call.checkNotStopped(null);
    return answeredAlone(waiter);
  }

  /** Runs a request alone, and compares its answers with those in a batch, if it was in one. */
  private List<Tensor> answeredAlone(Waiter waiter) {
    List<Tensor> alone = model.run(waiter.inputs, waiter.outputs, waiter.call);
    List<Tensor> together = waiter.together;
    if (together != null && comparison != null) {
      Optional<String> difference = BatchComparison.difference(alone, together);
      if (difference.isEmpty()) {
        comparison.equal(waiter.shape());
      } else {
        refuse(
            "a row's answer depends on the other rows",
            "Model {} gives another output {} for a row in a batch than for the row alone, so its requests are no"
                + " longer batched: load it with a maxBatch of 1, or allow such answers with batchDependentAllowed",
            waiter.call.model(),
            difference.get());
      }
    }
    return alone;
  }

  private void refuse(String why, String message, Object... arguments) {
    lock.lock();
    try {
      if (refused.isEmpty()) {
        refused = why;
        LOG.warn(message, arguments);
      }
    } finally {
      lock.unlock();
    }
  }

  /** {@return the number of rows, or -1 if the tensors differ in it} */
  private static long rows(List<Tensor> tensors) {
    long rows = -1;
    for (Tensor tensor : tensors) {
      long[] shape = tensor.shape();
      if (shape.length == 0 || (rows >= 0 && shape[0] != rows)) {
        return -1;
      }
      rows = shape[0];
    }
    return rows;
  }

  private boolean tryRun(Waiter waiter) {
    lock.lock();
    try {
      if (runs < maxRuns) {
        runs++;
        waiter.batch = List.of(waiter);
        return true;
      }
      queue.add(waiter);
      return false;
    } finally {
      lock.unlock();
    }
  }

  /** Waits until the request is to lead a batch, has an answer, is to run alone, or has left. */
  private void await(Waiter waiter) {
    // Entered before this lock is taken, in the same order as when the call is stopped.
    try {
      waiter.call.enter(() -> leave(waiter));
    } catch (RuntimeException e) {
      abandon(waiter);
      throw e;
    }
    try {
      lock.lock();
      try {
        while (!waiter.ready) {
          waiter.changed.awaitUninterruptibly();
        }
      } finally {
        lock.unlock();
      }
    } finally {
      waiter.call.leave();
    }
  }

  /** Withdraws a request that was stopped before it waited; it may have been selected in between. */
  private void abandon(Waiter waiter) {
    leave(waiter);
    List<Waiter> batch = waiter.batch;
    if (batch != null) {
      runAlone(waiter, batch);
      next();
    }
  }

  private void leave(Waiter waiter) {
    RunningCall group = null;
    lock.lock();
    try {
      waiter.left = true;
      queue.remove(waiter);
      List<Waiter> mates = waiter.mates;
      if (mates.stream().allMatch(mate -> mate.left)) {
        group = waiter.group;
      }
      wake(waiter);
    } finally {
      lock.unlock();
    }
    if (group != null) {
      group.stop(ErrorKind.CANCELLED);
    }
  }

  private static void wake(Waiter waiter) {
    waiter.ready = true;
    waiter.changed.signal();
  }

  /** Forms a batch of the request that has waited longest and those that fit it. */
  private void next() {
    lock.lock();
    try {
      runs--;
      Waiter first = queue.poll();
      if (first == null) {
        return;
      }
      runs++;
      List<Waiter> batch = new ArrayList<>(List.of(first));
      int rows = first.rows;
      long bytes = first.bytes;
      long allowed = first.call.memoryBytes();
      for (Iterator<Waiter> others = queue.iterator(); others.hasNext() && rows < maxRows; ) {
        Waiter other = others.next();
        long least = Math.min(allowed, other.call.memoryBytes());
        if (rows + other.rows <= maxRows
            && bytes + other.bytes <= least
            && refused.isEmpty()
            && first.fits(other)) {
          batch.add(other);
          rows += other.rows;
          bytes += other.bytes;
          allowed = least;
          others.remove();
        }
      }
      Waiter leader = batch.stream()
          .max(Comparator.comparingLong(waiter -> RunningCall.deadlineOf(waiter.call)))
          .orElseThrow();
      RunningCall group =
          new RunningCall(failures, leader.call.model(), Duration.ZERO, Long.MAX_VALUE);
      for (Waiter mate : batch) {
        mate.mates = batch;
        mate.group = group;
      }
      leader.batch = batch;
      wake(leader);
    } finally {
      lock.unlock();
    }
  }

  private List<Tensor> lead(Waiter leader, List<Waiter> batch) {
    if (batch.size() > 1) {
      boolean answered = false;
      try {
        answered = runTogether(leader, batch);
      } catch (RuntimeException e) {
        leader.call.checkNotStopped(e);
        LOG.debug("A batch failed, and its requests run alone", e);
      } finally {
        if (!answered) {
          runAlone(leader, batch);
        }
      }
      if (leader.answer != null) {
        return leader.answer;
      }
    }
    return answeredAlone(leader);
  }

  private boolean runTogether(Waiter leader, List<Waiter> batch) {
    List<Tensor> joined = new ArrayList<>();
    for (int i = 0; i < leader.inputs.size(); i++) {
      int input = i;
      joined.add(
          Tensors.joined(batch.stream().map(mate -> mate.inputs.get(input)).toList()));
    }
    RunningCall group = leader.group;
    List<Tensor> answers;
    leader.call.enter(() -> leave(leader));
    try {
      answers = model.run(joined, leader.outputs, group == null ? leader.call : group);
    } finally {
      leader.call.leave();
    }
    long rows = rows(joined);
    for (Tensor answer : answers) {
      if (answer.shape().length == 0 || answer.shape()[0] != rows) {
        refuse(
            "an output does not have an element for each row",
            "Model {} returned shape {} for {} rows in its output {}, so its requests are no longer batched",
            leader.call.model(),
            Arrays.toString(answer.shape()),
            rows,
            answer.name());
        return false;
      }
    }
    boolean compared = comparison != null && comparison.isDue(leader.shape());
    lock.lock();
    try {
      int from = 0;
      for (Waiter mate : batch) {
        int begin = from;
        List<Tensor> part = answers.stream()
            .map(answer -> Tensors.rows(answer, begin, mate.rows))
            .toList();
        if (compared) {
          mate.together = part;
        } else {
          mate.answer = part;
        }
        from += mate.rows;
        wake(mate);
      }
    } finally {
      lock.unlock();
    }
    return true;
  }

  /** Lets the other requests of a batch run on their own threads. */
  private void runAlone(Waiter leader, List<Waiter> batch) {
    lock.lock();
    try {
      for (Waiter mate : batch) {
        if (mate != leader) {
          wake(mate);
        }
      }
    } finally {
      lock.unlock();
    }
  }

  /** {@return the number of waiting requests} */
  int waiting() {
    lock.lock();
    try {
      return queue.size();
    } finally {
      lock.unlock();
    }
  }

  @Override
  public void close() {
    model.close();
  }

  /** A request and its result, which is written under the lock and read by its thread when it is ready. */
  private static final class Waiter {
    private final List<Tensor> inputs;
    private final List<String> outputs;
    private final Call call;
    private final int rows;
    private final long bytes;
    private final Condition changed;
    private List<Waiter> mates = List.of(this);
    private volatile @Nullable RunningCall group;
    private volatile @Nullable List<Waiter> batch;
    private volatile @Nullable List<Tensor> answer;
    // Its answers in a batch, if they are to be compared.
    private volatile @Nullable List<Tensor> together;
    private boolean left;
    private boolean ready;

    Waiter(List<Tensor> inputs, List<String> outputs, Call call, int rows, Condition changed) {
      this.inputs = inputs;
      this.outputs = outputs;
      this.call = call;
      this.rows = rows;
      this.bytes = RawTensors.size(inputs);
      this.changed = changed;
    }

    BatchComparison.Shape shape() {
      return BatchComparison.Shape.of(outputs, inputs);
    }

    boolean fits(Waiter other) {
      if (!outputs.equals(other.outputs)) {
        return false;
      }
      for (int i = 0; i < inputs.size(); i++) {
        long[] one = inputs.get(i).shape();
        long[] another = other.inputs.get(i).shape();
        if (!Arrays.equals(one, 1, one.length, another, 1, another.length)) {
          return false;
        }
      }
      return true;
    }
  }
}
