package io.fairlead.grammar;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.ObjectInputStream;
import java.io.ObjectOutputStream;
import java.net.URI;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class ProblemsTest {
  @Test
  void theFirstTwentyAreKeptAndTheOthersCounted() {
    Problems problems = Problems.in("Request");
    for (int i = 0; i < 1_000_000; i++) {
      problems.check(false, "inputs[" + i + "]", "must be a tensor", i);
    }

    assertThat(problems.count()).isEqualTo(1_000_000);
    assertThat(problems.found()).hasSize(21).last().hasToString("and 999980 further problems");
    assertThatThrownBy(problems::throwIfAny)
        .isInstanceOfSatisfying(
            InvalidValueException.class, e -> assertThat(e.problems()).hasSize(21))
        .hasMessageStartingWith("Request: inputs[0] must be a tensor (got 0); inputs[1]")
        .hasMessageEndingWith("; and 999980 further problems");
  }

  @Test
  void aListOfProblemsIsBoundedWhoeverMadeIt() {
    List<Problem> many = new ArrayList<>();
    for (int i = 0; i < 100; i++) {
      many.add(new Problem("field" + i, "must be " + "x".repeat(5_000), "y".repeat(5_000)));
    }

    InvalidValueException exception = new InvalidValueException("Request", many);

    assertThat(exception.problems()).hasSize(21);
    assertThat(exception.getMessage())
        .hasSizeLessThan(50_000)
        .endsWith("; and 80 further problems");
  }

  @Test
  void theQueryOfAUrlIsNotShown() {
    URI signed = URI.create("s3://models/bert.zip?X-Amz-Signature=0123abcd");

    for (Object value : List.of(signed, signed.toString())) {
      assertThat(Problems.in("Container")
              .check(false, "artifact.weights", "must end with .tar.gz", value)
              .found())
          .singleElement()
          .asString()
          .contains("s3://models/bert.zip?(not shown)")
          .doesNotContain("0123abcd");
    }
  }

  @Test
  void whatHoldsIsNoProblem() {
    Problems problems = Problems.in("Scaling").check(true, "min", "must be 0 or more", 1);

    assertThatCode(problems::throwIfAny).doesNotThrowAnyException();
    assertThat(problems.found()).isEmpty();
  }

  @Test
  void allProblemsAreOneSentenceInTheOrderInWhichTheyWereFound() {
    Problems problems = Problems.in("Scaling")
        .check(false, "min", "must be 0 or more", -1)
        .check(false, "instanceType", "must be one of a and b", "c")
        .check(false, "password", "must be longer")
        .add(new Problem("count", "must be 1", "2").under("inner"));

    assertThatThrownBy(problems::throwIfAny)
        .isInstanceOfSatisfying(InvalidValueException.class, e -> {
          assertThat(e.subject()).isEqualTo("Scaling");
          assertThat(e.problems()).isEqualTo(problems.found()).hasSize(4);
        })
        .hasMessage(
            "Scaling: min must be 0 or more (got -1); instanceType must be one of a and b (got \"c\"); "
                + "password must be longer; inner.count must be 1 (got 2)");
  }

  @Test
  void aLongValueIsShownByItsBeginning() {
    assertThat(Problems.in("X")
            .check(false, "f", "r", "v".repeat(100))
            .found()
            .get(0)
            .value())
        .isEqualTo('"' + "v".repeat(100) + '"');
    assertThat(Problems.in("X")
            .check(false, "f", "r", "v".repeat(101))
            .found()
            .get(0)
            .value())
        .isEqualTo('"' + "v".repeat(100) + "... (101 characters)\"");
  }

  @Test
  void aProblemWithoutAFieldIsTheParents() {
    assertThat(new Problem("", "must be there", "").under("routing"))
        .isEqualTo(new Problem("routing", "must be there", ""));
  }

  @Test
  void theExceptionsProblemsAreACopyAndItsCauseIsKept() {
    List<Problem> problems = new ArrayList<>(List.of(new Problem("f", "r", "")));
    IllegalStateException cause = new IllegalStateException();
    InvalidValueException exception = new InvalidValueException("X", problems, cause);

    problems.clear();

    assertThat(exception.problems()).hasSize(1);
    assertThat(exception).hasCause(cause).isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void theExceptionTravelsToAnotherProcess() throws Exception {
    InvalidValueException exception =
        new InvalidValueException("X", List.of(new Problem("f", "must be right", "1")));
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (ObjectOutputStream out = new ObjectOutputStream(bytes)) {
      out.writeObject(exception);
    }

    try (ObjectInputStream in =
        new ObjectInputStream(new ByteArrayInputStream(bytes.toByteArray()))) {
      InvalidValueException read = (InvalidValueException) in.readObject();

      assertThat(read).hasMessage("X: f must be right (got 1)");
      assertThat(read.problems()).isEqualTo(exception.problems());
    }
  }
}
