package io.fairlead.sagemaker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.fairlead.grammar.InvalidValueException;
import org.junit.jupiter.api.Test;

class SageMakerRequestTest {
  @Test
  void eachWitherChangesItsOwnPart() {
    SageMakerRequest request = SageMakerRequest.DEFAULT
        .withTargetModel("a")
        .withInferenceComponent("b")
        .withTargetContainer("c")
        .withSessionId("d")
        .withInferenceId("e")
        .withCustomAttributes("f")
        .withAccept("g");

    assertThat(request).isEqualTo(new SageMakerRequest("a", "b", "c", "d", "e", "f", "g"));
  }

  @Test
  void allThatIsWrongIsSaidAtOnce() {
    assertThatThrownBy(() ->
            new SageMakerRequest(" a", "b_", "c_", "d d", "e".repeat(65), "f\nf", "g".repeat(1025)))
        .isInstanceOfSatisfying(
            InvalidValueException.class,
            e -> assertThat(e.problems())
                .extracting(problem -> problem.field())
                .containsExactly(
                    "targetModel",
                    "inferenceComponent",
                    "targetContainer",
                    "sessionId",
                    "inferenceId",
                    "customAttributes",
                    "accept"));
  }

  @Test
  void customAttributesAreNotShown() {
    assertThat(SageMakerRequest.DEFAULT.withCustomAttributes("confidential").toString())
        .doesNotContain("confidential")
        .contains("customAttributes=12 characters");
    assertThatThrownBy(() -> SageMakerRequest.DEFAULT.withCustomAttributes("confidenti\u00e4l"))
        .isInstanceOf(InvalidValueException.class)
        .hasMessageNotContaining("confidenti");
  }

  @Test
  void aNewSessionMayBeAskedFor() {
    assertThat(
            SageMakerRequest.DEFAULT.withSessionId(SageMakerRequest.NEW_SESSION).sessionId())
        .isEqualTo("NEW_SESSION");
  }
}
