package io.fairlead.stateful.internal.features;

import io.fairlead.platform.Request;
import io.fairlead.platform.Response;
import java.util.Arrays;
import java.util.Optional;
import java.util.function.Function;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * A check of a model's cells against the model itself: random pairs of rows in one cell must have answers that are
 * bit-identical.
 *
 * <p>It finds cells that were read in another way than the runtime does, and models that answer by chance; what makes
 * the cells exact is how they are derived, not this sample. Rows with NaN and infinities are among the pairs, unless
 * the model refuses the first of them: then the cells are those of finite rows alone.
 */
public final class SelfCheck {
  /** The fewest pairs that are enough. */
  public static final int PAIRS = 1000;

  /** So many have one row in common, which saves calls; PAIRS is a multiple. */
  private static final int PAIRS_OF_A_CELL = 4;

  private final Function<? super Request, Response> model;
  private final RandomGenerator random;
  private String failure = "";

  private SelfCheck(Function<? super Request, Response> model, RandomGenerator random) {
    this.model = model;
    this.random = random;
  }

  /**
   * The outcome of a check.
   *
   * @param cells the cells that passed; empty if they are refused
   * @param sentence what was found, for the user
   */
  public record Outcome(Optional<CellKeys> cells, String sentence) {}

  /**
   * Checks cells, with {@value #PAIRS} pairs, one call after the other.
   *
   * @param model the model, which is asked with one row of instances, some 1,250 times
   */
  public static Outcome of(
      CellKeys cells, Function<? super Request, Response> model, RandomGenerator random) {
    return new SelfCheck(model, random).check(cells);
  }

  private Outcome check(CellKeys cells) {
    CellKeys finite = cells.ofFiniteRows();
    FeatureRow first = finite.sample(random);
    if (ask(first) == null) {
      return failed();
    }
    int feature = random.nextInt(first.size());
    boolean takesAll = !cells.isOfFiniteRows()
        && ask(first.with(feature, Float.NaN)) != null
        && ask(first.with(feature, Float.POSITIVE_INFINITY)) != null;
    CellKeys checked = takesAll ? cells : finite;
    for (int pair = 0; pair < PAIRS; ) {
      FeatureRow row = checked.sample(random);
      Response answer = ask(row);
      if (answer == null) {
        return failed();
      }
      for (int i = 0; i < PAIRS_OF_A_CELL; i++) {
        pair++;
        FeatureRow neighbour = checked.neighbour(row, random);
        Response other = ask(neighbour);
        if (other == null) {
          return failed();
        }
        if (!isSame(checked.cell(row), checked.cell(neighbour))) {
          return refused("a row and its neighbour were not in one cell");
        }
        if (!isSame(answer, other)) {
          return refused(
              "two rows of one cell had different answers, at pair " + pair + " of " + PAIRS);
        }
      }
    }
    return new Outcome(
        Optional.of(checked),
        "The cells of the model are used: " + PAIRS
            + " random pairs of rows in one cell had bit-identical answers, "
            + (takesAll
                ? "NaN and infinities included."
                : "without NaN and infinities, which the model does not take."));
  }

  /** {@return the answer of the model; null if it failed} */
  private @Nullable Response ask(FeatureRow row) {
    try {
      return model.apply(row.toRequest());
    } catch (RuntimeException e) {
      failure = String.valueOf(e.getMessage());
      return null;
    }
  }

  private Outcome failed() {
    return refused("the model failed on a row of the check (" + failure + ")");
  }

  private static boolean isSame(Optional<byte[]> one, Optional<byte[]> other) {
    return one.isPresent() && other.isPresent() && Arrays.equals(one.get(), other.get());
  }

  private static boolean isSame(Response one, Response other) {
    return one.contentType().equals(other.contentType())
        && one.bodyBuffer().equals(other.bodyBuffer());
  }

  private static Outcome refused(String reason) {
    return new Outcome(Optional.empty(), "The cells of the model are not used: " + reason + ".");
  }
}
