package io.fairlead.stateful.internal.features;

import static io.fairlead.stateful.internal.features.OnnxFile.DOUBLE;
import static io.fairlead.stateful.internal.features.OnnxFile.FLOAT;
import static io.fairlead.stateful.internal.features.OnnxFile.INT64;
import static io.fairlead.stateful.internal.features.OnnxFile.UINT8;
import static io.fairlead.stateful.internal.features.OnnxFile.floats;
import static io.fairlead.stateful.internal.features.OnnxFile.ints;
import static io.fairlead.stateful.internal.features.OnnxFile.number;
import static io.fairlead.stateful.internal.features.OnnxFile.tensor;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ai.onnxruntime.OrtException;
import io.fairlead.platform.Request;
import java.io.IOException;
import java.io.InputStream;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class CellKeysTest {
  private static final float BELOW = Math.nextDown(2.5f);
  private static final float ABOVE = Math.nextUp(2.5f);
  private static final int MUTATIONS = 2000;

  private static final Proto[] STUMP =
      new Forest().stump(0, "BRANCH_LEQ", 2.5f).stump(1, "BRANCH_LEQ", 1f).attributes();

  @ParameterizedTest
  @CsvSource({
    "BRANCH_LEQ, true, false",
    "BRANCH_GT, true, false",
    "BRANCH_LT, false, true",
    "BRANCH_GTE, false, true",
    "BRANCH_EQ, false, false",
    "BRANCH_NEQ, false, false"
  })
  void theThresholdIsOnItsSideOfEachComparison(
      String mode, boolean isWithBelow, boolean isWithAbove) throws Exception {
    byte[] model = new Forest().stump(0, mode, 2.5f).model(1);
    CellKeys cells = CellKeys.read(model);

    assertThat(same(cells, BELOW, 2.5f)).isEqualTo(isWithBelow);
    assertThat(same(cells, 2.5f, ABOVE)).isEqualTo(isWithAbove);
    assertThat(same(cells, BELOW, ABOVE)).isEqualTo(!isWithBelow && !isWithAbove);
    assertThat(same(cells.byIntervals(), BELOW, ABOVE)).isFalse();
    assertThat(same(cells.byIntervals(), BELOW, 2.5f)).isEqualTo(isWithBelow);
    assertThat(same(cells.byIntervals(), 2.5f, ABOVE)).isEqualTo(isWithAbove);
    assertThat(same(cells, Float.NEGATIVE_INFINITY, BELOW)).isTrue();
    assertThat(same(cells, ABOVE, Float.POSITIVE_INFINITY)).isTrue();
    assertThat(cells.errorBound()).isZero();
    try (OrtModel runtime = new OrtModel(model)) {
      assertThat(runtime.answer(row(BELOW)).equals(runtime.answer(row(2.5f))))
          .isEqualTo(isWithBelow);
      assertThat(runtime.answer(row(2.5f)).equals(runtime.answer(row(ABOVE))))
          .isEqualTo(isWithAbove);
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1})
  void nanIsACellOfItsOwnWhicheverWayItGoes(int missing) throws Exception {
    byte[] model = new Forest().stump(0, "BRANCH_LEQ", 2.5f, missing).model(1);
    CellKeys cells = CellKeys.read(model);

    assertThat(same(cells, Float.NaN, Float.intBitsToFloat(0xffc12345))).isTrue();
    for (float value : new float[] {BELOW, ABOVE, Float.POSITIVE_INFINITY}) {
      assertThat(same(cells, Float.NaN, value)).isFalse();
    }
    try (OrtModel runtime = new OrtModel(model)) {
      assertThat(runtime.answer(row(Float.NaN)))
          .isEqualTo(runtime.answer(row(missing == 1 ? BELOW : ABOVE)));
    }
  }

  @Test
  void bothZerosAreOneAndFloatsThatAreNotNormalAreNeitherTheNextCellNorIt() throws Exception {
    CellKeys leq = CellKeys.read(new Forest().stump(0, "BRANCH_LEQ", -0f).model(1));
    CellKeys lt = CellKeys.read(new Forest().stump(0, "BRANCH_LT", 0f).model(1));

    assertThat(same(leq, -0f, 0f)).isTrue();
    assertThat(same(leq, -1f, 0f)).isTrue();
    assertThat(same(leq, 0f, Float.MIN_VALUE)).isFalse();
    assertThat(same(leq, Float.MIN_VALUE, Float.MIN_NORMAL)).isFalse();
    assertThat(same(leq, Float.MIN_NORMAL, 1f)).isTrue();
    assertThat(same(lt, -0f, 0f)).isTrue();
    assertThat(same(lt, 0f, 1f)).isTrue();
    assertThat(same(lt, -Float.MIN_VALUE, 0f)).isFalse();
    assertThat(same(lt, -Float.MIN_VALUE, -Float.MIN_NORMAL)).isFalse();
    assertThat(same(lt, -Float.MIN_NORMAL, -1f)).isTrue();
  }

  @Test
  void infinityAsAThresholdSeparatesOnlyWhatTheComparisonDoes() throws Exception {
    float infinity = Float.POSITIVE_INFINITY;
    CellKeys lt = CellKeys.read(new Forest().stump(0, "BRANCH_LT", infinity).model(1));
    CellKeys leq = CellKeys.read(new Forest().stump(0, "BRANCH_LEQ", -infinity).model(1));

    assertThat(same(lt, Float.MAX_VALUE, infinity)).isFalse();
    assertThat(same(lt, Float.MAX_VALUE, -infinity)).isTrue();
    assertThat(same(leq, -Float.MAX_VALUE, -infinity)).isFalse();
    assertThat(same(leq, -Float.MAX_VALUE, infinity)).isTrue();
  }

  @Test
  void aFeatureThatNoSplitUsesIsNotInTheCell() throws Exception {
    CellKeys cells = CellKeys.read(new Forest().stump(1, "BRANCH_LEQ", 0.5f).model(3));

    assertThat(cells.features()).containsExactly(1);
    assertThat(cells.cuts()).isEqualTo(1);
    assertThat(same(cells, row(7, 0, Float.NaN), row(-7, 0.5f, 3))).isTrue();
    assertThat(same(cells, row(7, 0, 1), row(7, 1, 1))).isFalse();
  }

  @Test
  void aRowOfAnotherLengthIsInNoCell() throws Exception {
    CellKeys three = CellKeys.read(new Forest().stump(1, "BRANCH_LEQ", 0.5f).model(3));
    CellKeys any = CellKeys.read(new Forest().stump(1, "BRANCH_LEQ", 0.5f).model(-1));

    assertThat(three.cell(row(1, 2))).isEmpty();
    assertThat(three.cell(row(1, 2, 3, 4))).isEmpty();
    assertThat(any.cell(row(1))).isEmpty();
    assertThat(same(any, row(1, 2), row(5, 3))).isTrue();
    assertThat(same(any, row(1, 2), row(1, 2, 3))).isFalse();
  }

  @Test
  void rowsOfRequestsInDifferentFormsAreInDifferentCells() throws Exception {
    CellKeys cells = CellKeys.read(new Forest().stump(0, "BRANCH_LEQ", 2.5f).model(1));
    FeatureRow array = FeatureRow.parse(Request.json("[[1]]")).orElseThrow();

    assertThat(same(cells, array, row(1))).isFalse();
    assertThat(same(cells, array, FeatureRow.parse(Request.json("[[2]]")).orElseThrow()))
        .isTrue();
  }

  @Test
  void cellsOfFiniteRowsHaveNoOthers() throws Exception {
    CellKeys cells = CellKeys.read(new Forest()
        .stump(0, "BRANCH_LEQ", 2.5f)
        .stump(0, "BRANCH_LT", Float.POSITIVE_INFINITY)
        .stump(0, "BRANCH_GT", Float.NEGATIVE_INFINITY)
        .stump(1, "BRANCH_LT", Float.NEGATIVE_INFINITY)
        .model(2));
    CellKeys finite = cells.ofFiniteRows();
    SplittableRandom random = new SplittableRandom(1);

    assertThat(cells.cell(row(1, Float.NaN))).isPresent();
    assertThat(finite.cell(row(1, Float.NaN))).isEmpty();
    assertThat(finite.cell(row(Float.NEGATIVE_INFINITY, 1))).isEmpty();
    assertThat(same(finite, row(1, 2), row(2, 3))).isTrue();
    for (int i = 0; i < 1000; i++) {
      FeatureRow row = finite.sample(random);
      assertThat(same(finite, row, finite.neighbour(row, random))).isTrue();
    }
  }

  @Test
  void samplesReachEachIntervalAndItsEdges() throws Exception {
    CellKeys cells = CellKeys.read(
        new Forest().stump(0, "BRANCH_LEQ", 1f).stump(0, "BRANCH_LT", 2f).model(1));
    SplittableRandom random = new SplittableRandom(1);
    float[] expected = {
      Float.NEGATIVE_INFINITY,
      1f,
      Math.nextUp(1f),
      Math.nextDown(2f),
      2f,
      Float.POSITIVE_INFINITY,
      Float.NaN
    };

    boolean[] found = new boolean[expected.length];
    for (int i = 0; i < 2000; i++) {
      float value = cells.sample(random).value(0);
      for (int k = 0; k < expected.length; k++) {
        found[k] |= Float.compare(value, expected[k]) == 0;
      }
    }

    assertThat(found).doesNotContain(false);
  }

  @Test
  void rowsOfOneCellHaveBitIdenticalAnswersInAllModes() throws Exception {
    for (int seed = 0; seed < 40; seed++) {
      SplittableRandom random = new SplittableRandom(seed);
      Forest forest = new Forest();
      for (int tree = 0; tree < 8; tree++) {
        forest.random(random, 3, 3);
      }
      byte[] model = forest.model(4);
      CellKeys cells = CellKeys.read(model);

      assertThat(cells.isByLeaves()).isTrue();
      assertThat(different(cells, model, 200, random)).as("seed " + seed).isZero();
      assertThat(different(cells.byWalking(), model, 50, random))
          .as("seed " + seed)
          .isZero();
      assertThat(different(cells.byIntervals(), model, 50, random))
          .as("seed " + seed)
          .isZero();
      assertThat(mixed(cells, random)).as("seed " + seed).isZero();
    }
  }

  @Test
  void thresholdsThatAreNotNormalHaveCellsByIntervals() throws Exception {
    for (int seed = 0; seed < 10; seed++) {
      SplittableRandom random = new SplittableRandom(seed);
      Forest forest = new Forest().withSmallThresholds().stump(0, "BRANCH_LT", Float.MIN_VALUE);
      for (int tree = 0; tree < 8; tree++) {
        forest.random(random, 3, 3);
      }
      byte[] model = forest.model(4);
      CellKeys cells = CellKeys.read(model);

      assertThat(cells.isByLeaves()).isFalse();
      assertThat(different(cells, model, 200, random)).as("seed " + seed).isZero();
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"BRANCH_EQ", "BRANCH_NEQ"})
  void chainsOfEqualityWhichTheRuntimeTurnsIntoSetsHaveTheSameCells(String mode) throws Exception {
    byte[] model = new Forest()
        .chain(0, mode, 1, 2, 3, 5, 8, 13, 21, 23)
        .chain(0, mode, 4, 31, 32, 33, 63, 64)
        .model(1);
    CellKeys cells = CellKeys.read(model);

    assertThat(different(cells, model, 3000, new SplittableRandom(1))).isZero();
    assertThat(different(cells.byIntervals(), model, 3000, new SplittableRandom(1)))
        .isZero();
    assertThat(same(cells, 1f, 9f)).isFalse();
    try (OrtModel runtime = new OrtModel(model)) {
      for (int value = 65; value < 400; value++) {
        assertThat(same(cells, value, 1e9f)).isTrue();
        assertThat(runtime.answer(row(value))).isEqualTo(runtime.answer(row(1e9f)));
      }
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"occupancy-gbm", "housing-gbm", "iris_rf"})
  void rowsOfOneCellOfARealModelHaveBitIdenticalAnswers(String name) throws Exception {
    byte[] model = resource(name);
    CellKeys cells = CellKeys.read(model);

    assertThat(cells.cuts()).isGreaterThan(20);
    assertThat(cells.isByLeaves()).isTrue();
    assertThat(different(cells, model, 2000, new SplittableRandom(4))).isZero();
    assertThat(different(cells.byWalking(), model, 500, new SplittableRandom(5)))
        .isZero();
    assertThat(different(cells.byIntervals(), model, 500, new SplittableRandom(6)))
        .isZero();
  }

  @Test
  void treesOfMoreLeavesThanALongHasBitsAreWalked() throws Exception {
    SplittableRandom random = new SplittableRandom(1);
    byte[] model = new Forest().random(random, 7, 3).random(random, 9, 3).model(3);

    CellKeys cells = CellKeys.read(model);

    assertThat(cells.isByLeaves()).isTrue();
    assertThat(different(cells, model, 1000, random)).isZero();
    byte[] full = new Forest().random(random, 6, 3).random(random, 5, 3).model(3);
    assertThat(different(CellKeys.read(full), full, 1000, random)).isZero();
  }

  @Test
  void cellsByLeavesAreLargerThanThoseByIntervals() throws Exception {
    CellKeys cells = CellKeys.read(resource("occupancy-gbm"));
    SplittableRandom random = new SplittableRandom(5);
    int wider = 0;
    for (int i = 0; i < 500; i++) {
      FeatureRow row = cells.sample(random);
      FeatureRow neighbour = cells.neighbour(row, random);
      wider += same(cells.byIntervals(), row, neighbour) ? 0 : 1;
    }

    assertThat(wider).isGreaterThan(200);
  }

  @Test
  void ensemblesThatAreNoTreesInEachReadingHaveCellsByIntervals() throws Exception {
    Proto[] stump = new Forest().stump(0, "BRANCH_LEQ", 2.5f).attributes();
    assertThat(CellKeys.read(trees(stump).output("T").bytes()).isByLeaves()).isTrue();
    for (Proto changed : List.of(
        ints("nodes_truenodeids", 0, 0, 0),
        ints("nodes_truenodeids", 2, 0, 0),
        ints("nodes_truenodeids", 7, 0, 0),
        ints("nodes_nodeids", 1, 0, 2),
        ints("nodes_nodeids", 0, 1, 1),
        ints("nodes_treeids", 0, 1, 0),
        ints("nodes_treeids", 0, 0),
        ints("nodes_treeids", 0, 0, 1))) {
      Proto[] attributes = Arrays.stream(stump)
          .map(each -> name(each).equals(name(changed)) ? changed : each)
          .toArray(Proto[]::new);

      assertThat(CellKeys.read(trees(attributes).output("T").bytes()).isByLeaves())
          .as(name(changed))
          .isFalse();
    }
    assertThat(CellKeys.read(newer((byte) 0, (byte) 3)).isByLeaves()).isFalse();
    assertThat(CellKeys.read(new Forest().stump(0, "BRANCH_LT", Float.MIN_VALUE).model(1))
            .isByLeaves())
        .isFalse();
  }

  private static String name(Proto attribute) {
    return new String(attribute.bytes(), 2, attribute.bytes()[1], UTF_8);
  }

  @Test
  void realModelsHaveManyCellsSoThatTheirEqualAnswersProveSomething() throws Exception {
    byte[] model = resource("occupancy-gbm");
    CellKeys cells = CellKeys.read(model);
    SplittableRandom random = new SplittableRandom(5);

    try (OrtModel runtime = new OrtModel(model)) {
      long answers = random
          .ints(500)
          .mapToObj(i -> runtime.answer(cells.sample(random)))
          .distinct()
          .count();
      assertThat(answers).isGreaterThan(300);
    }
  }

  @Test
  void bothEncodingsOfListsAreRead() throws Exception {
    Forest forest = new Forest();
    for (int i = 0; i < 20; i++) {
      forest.random(new SplittableRandom(i), 3, 2);
    }
    byte[] model = OnnxFile.of(2)
        .ml("TreeEnsembleRegressor", "X", "Y", forest.attributes(true))
        .output("Y")
        .bytes();

    assertThat(CellKeys.read(model).cuts())
        .isEqualTo(CellKeys.read(forest.model(2)).cuts());
    assertThat(different(CellKeys.read(model), model, 100, new SplittableRandom(1)))
        .isZero();
  }

  @Test
  void theNewerOperatorIsRead() throws Exception {
    byte[] model = newer((byte) 0, (byte) 3);
    CellKeys cells = CellKeys.read(model);

    assertThat(cells.cuts()).isEqualTo(2);
    assertThat(different(cells, model, 300, new SplittableRandom(1))).isZero();
    assertThatThrownBy(() -> CellKeys.read(newer((byte) 0, (byte) 6)))
        .isInstanceOf(NoCellsException.class)
        .hasMessageContaining("mode");
  }

  /** A TreeEnsemble of two stumps. */
  private static byte[] newer(byte... modes) {
    return OnnxFile.of(2)
        .mlVersion(5)
        .ml(
            "TreeEnsemble",
            "X",
            "Y",
            ints("tree_roots", 0, 1),
            ints("nodes_featureids", 0, 1),
            tensor("nodes_splits", OnnxFile.tensor("", new long[] {2}, 1.5f, -2f)),
            tensor("nodes_modes", OnnxFile.tensor("", UINT8, new long[] {2}, modes)),
            ints("nodes_truenodeids", 0, 2),
            ints("nodes_trueleafs", 1, 1),
            ints("nodes_falsenodeids", 1, 3),
            ints("nodes_falseleafs", 1, 1),
            ints("leaf_targetids", 0, 0, 0, 0),
            tensor("leaf_weights", OnnxFile.tensor("", new long[] {4}, 1f, 2f, 4f, 8f)),
            number("n_targets", 1))
        .output("Y")
        .bytes();
  }

  @Test
  void aCopyOfTheInputIsTheInputAndWhatFollowsTheTreesDoesNotMatter() throws Exception {
    byte[] model = OnnxFile.of(2)
        .node("Identity", "X", "A")
        .node("Cast", "A", "B", number("to", FLOAT))
        .ml("TreeEnsembleRegressor", "B", "T", STUMP)
        .node("Sigmoid", "T", "Y")
        .output("Y")
        .bytes();

    CellKeys cells = CellKeys.read(model);

    assertThat(cells.cuts()).isEqualTo(2);
    assertThat(different(cells, model, 200, new SplittableRandom(1))).isZero();
  }

  @Test
  void ensemblesThatReadTheSameInputShareTheirCells() throws Exception {
    Proto[] other = new Forest().stump(0, "BRANCH_LT", 7f).attributes();
    byte[] model = OnnxFile.of(2)
        .ml("TreeEnsembleRegressor", "X", "S", STUMP)
        .ml("TreeEnsembleRegressor", "X", "T", other)
        .node("Add", "S,T", "Y")
        .output("Y")
        .bytes();

    CellKeys cells = CellKeys.read(model);

    assertThat(cells.cuts()).isEqualTo(3);
    assertThat(different(cells, model, 200, new SplittableRandom(1))).isZero();
  }

  @Test
  void aGraphThatReadsTheInputElsewhereHasNoCells() {
    refused("Add", trees().node("Add", "T,X", "Y").output("Y"));
    refused("Mul", trees().node("Mul", "X,X", "Y").output("Y").output("T"));
    refused("answers with its input", trees().output("T").output("X"));
    refused(
        "answers with its input", trees().node("Identity", "X", "Y").output("Y").output("T"));
    refused(
        "Add",
        OnnxFile.of(2)
            .node("Add", "T,B", "Y")
            .ml("TreeEnsembleRegressor", "B", "T", STUMP)
            .node("Identity", "X", "B")
            .output("Y"));
  }

  @Test
  void treesThatReadAComputedInputHaveNoCells() {
    refused(
        "Scaler",
        OnnxFile.of(2)
            .ml("Scaler", "X", "A", floats("offset", 0, 0), floats("scale", 1, 1))
            .ml("TreeEnsembleRegressor", "A", "Y", STUMP)
            .output("Y"));
    refused(
        "Cast",
        OnnxFile.of(2)
            .node("Cast", "X", "A", number("to", DOUBLE))
            .ml("TreeEnsembleRegressor", "A", "Y", STUMP)
            .output("Y"));
  }

  @Test
  void anInputThatIsNotOneRowOfFloatsHasNoCells() {
    refused("type float", typed(DOUBLE, -1, 2));
    refused("type float", typed(INT64, -1, 2));
    refused("no row", typed(FLOAT, 2));
    refused("no row", typed(FLOAT, 3, 2));
    refused("no row", typed(FLOAT, -1, 2, 2));
    refused("no row", typed(FLOAT));
    refused("2 inputs", typed(FLOAT, -1, 2).input("Z", FLOAT, -1, 2));
  }

  private static OnnxFile typed(int type, long... shape) {
    return new OnnxFile()
        .input("X", type, shape)
        .ml("TreeEnsembleRegressor", "X", "Y", STUMP)
        .output("Y");
  }

  @Test
  void operatorsThatCouldHideAWayOfTheInputHaveNoCells() {
    Proto subgraph = new Proto().text(1, "then_branch").message(6, new Proto()).number(20, 5);
    refused("graph within", trees().node("If", "T", "Y", subgraph).output("Y"));
    refused("com.acme", trees().node("com.acme", "Magic", "T", "Y").output("Y"));
    refused("chance", trees().node("RandomNormalLike", "T", "Y").output("Y"));
    refused("twice", trees().node("Sigmoid", "T", "T").output("T"));
    refused(trees().output("T").bytes(25, new Proto().text(1, "f")), "functions");
    refused(trees().output("T").bytes(7, new Proto()), "in parts");
  }

  @Test
  void ensemblesThatAreNotReadExactlyHaveNoCells() {
    Proto doubles = tensor(
        "nodes_values_as_tensor",
        OnnxFile.tensor("", DOUBLE, new long[] {1}, new byte[Double.BYTES]));
    Proto[] splits = new Forest().stump(0, "BRANCH_LEQ", 1f).splits(false);
    Proto[] withDoubles = Arrays.copyOf(splits, splits.length + 1);
    withDoubles[splits.length] = doubles;
    refused("doubles", trees(withDoubles));
    refused("different lengths", trees(splits[0], splits[2], floats("nodes_values", 1, 2)));
    refused("nodes_modes", trees(splits[0], splits[1]));
    refused("unexpected type", trees(splits[0], splits[2], ints("nodes_values", 1, 2, 3)));
    refused("mode", trees(new Forest().stump(0, "BRANCH_MEMBER", 1f).attributes()));
    refused("NaN", trees(new Forest().stump(0, "BRANCH_LEQ", Float.NaN).attributes()));
    refused("row has not", trees(new Forest().stump(2, "BRANCH_LEQ", 1f).attributes()));
    refused("row has not", trees(new Forest().stump(-1, "BRANCH_LEQ", 1f).attributes()));
    refused("twice", trees(splits[0], splits[0], splits[1], splits[2]));
  }

  @Test
  void modelsOfOtherKindsAndOtherFilesHaveNoCells() throws IOException {
    refused(resource("iris_lr"), "Scaler");
    refused(new byte[0], "no graph");
    refused("not a model at all".getBytes(UTF_8), "no ONNX");
    assertThat(CellKeys.of(resource("iris_lr"))).isEmpty();
    assertThat(CellKeys.of(resource("iris_rf"))).isPresent();
  }

  @Test
  void aTruncatedModelIsRefused() {
    byte[] model = trees().output("T").bytes();
    for (int length = 0; length < model.length; length++) {
      assertThat(CellKeys.of(Arrays.copyOf(model, length)))
          .as("%s bytes", length)
          .isEmpty();
    }
  }

  @Test
  void aMutatedModelIsRefusedOrHasTheCellsThatItsRuntimeHas() throws Exception {
    SplittableRandom random = new SplittableRandom(7);
    Forest forest = new Forest();
    for (int tree = 0; tree < 3; tree++) {
      forest.random(random, 3, 2);
    }
    byte[] model = forest.model(2);
    int splits = Arrays.stream(forest.splits(false)).mapToInt(Proto::size).sum();
    int withCells = 0;
    int compared = 0;
    for (int i = 0; i < MUTATIONS; i++) {
      byte[] mutated = model.clone();
      boolean ofSplits = true;
      for (int k = i % 2 == 0 ? 1 : random.nextInt(1, 4); k > 0; k--) {
        // Half of them change the splits, which are at the beginning; the others anything.
        int at = random.nextInt(i % 2 == 0 ? splits : model.length);
        mutated[at] = (byte) random.nextInt();
        ofSplits &= at < splits;
      }

      CellKeys cells = CellKeys.of(mutated).orElse(null);

      withCells += cells == null ? 0 : 1;
      // Of a model whose nodes are linked wrongly, the runtime may crash.
      if (cells != null && ofSplits) {
        try {
          assertThat(different(cells, mutated, 5, random)).as("mutation " + i).isZero();
          compared++;
        } catch (OrtException | IllegalStateException e) {
          assertThat(e).hasMessageContaining("Error code");
        }
      }
    }

    assertThat(withCells).isGreaterThan(300);
    assertThat(compared).isGreaterThan(200);
  }

  private static OnnxFile trees(Proto... attributes) {
    return OnnxFile.of(2)
        .ml("TreeEnsembleRegressor", "X", "T", attributes.length == 0 ? STUMP : attributes);
  }

  private static void refused(String reason, OnnxFile model) {
    refused(model.bytes(), reason);
  }

  private static void refused(byte[] model, String reason) {
    assertThatThrownBy(() -> CellKeys.read(model))
        .isInstanceOf(NoCellsException.class)
        .hasMessageContaining(reason);
  }

  /** {@return how many of so many pairs in one cell have different answers} */
  private static int different(CellKeys cells, byte[] model, int pairs, SplittableRandom random)
      throws OrtException {
    int different = 0;
    try (OrtModel runtime = new OrtModel(model)) {
      for (int i = 0; i < pairs; i++) {
        FeatureRow row = cells.sample(random);
        FeatureRow neighbour = cells.neighbour(row, random);
        assertThat(same(cells, row, neighbour)).isTrue();
        different += runtime.answer(row).equals(runtime.answer(neighbour)) ? 0 : 1;
      }
    }
    return different;
  }

  /** {@return how many rows of one cell by masks are in different cells by walking, or the other way round} */
  private static int mixed(CellKeys cells, SplittableRandom random) {
    Map<String, String> walked = new HashMap<>();
    Map<String, String> masked = new HashMap<>();
    int mixed = 0;
    for (int i = 0; i < 1000; i++) {
      FeatureRow row = cells.sample(random);
      String mask = Arrays.toString(cells.cell(row).orElseThrow());
      String walk = Arrays.toString(cells.byWalking().cell(row).orElseThrow());
      String otherWalk = walked.putIfAbsent(mask, walk);
      String otherMask = masked.putIfAbsent(walk, mask);
      mixed += otherWalk == null || otherWalk.equals(walk) ? 0 : 1;
      mixed += otherMask == null || otherMask.equals(mask) ? 0 : 1;
    }
    assertThat(walked.size()).isBetween(2, 999);
    return mixed;
  }

  private static boolean same(CellKeys cells, float one, float other) {
    return same(cells, row(one), row(other));
  }

  private static boolean same(CellKeys cells, FeatureRow one, FeatureRow other) {
    return Arrays.equals(cells.cell(one).orElseThrow(), cells.cell(other).orElseThrow());
  }

  private static FeatureRow row(float... values) {
    return FeatureRow.instance(values);
  }

  static byte[] resource(String name) throws IOException {
    try (InputStream model = CellKeysTest.class.getResourceAsStream("/models/" + name + ".onnx")) {
      return model.readAllBytes();
    }
  }
}
