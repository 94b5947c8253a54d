package io.fairlead.sagemaker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.fairlead.grammar.InvalidValueException;
import io.fairlead.json.GrammarJson;
import org.junit.jupiter.api.Test;

class SageMakerRequestTest {
  @Test
  void eachWitherChangesItsOwnPart() {
    SageMakerRequest request = SageMakerRequest.DEFAULT
        .withTargetModel("a")
        .withInferenceComponent("b")
        .withSessionId("d")
        .withInferenceId("e")
        .withCustomAttributes("f")
        .withAccept("g");

    assertThat(request.targetModel()).contains("a");
    assertThat(request.inferenceComponent()).contains("b");
    assertThat(request.sessionId()).contains("d");
    assertThat(request.inferenceId()).contains("e");
    assertThat(request.customAttributes()).contains("f");
    assertThat(request.accept()).contains("g");
    assertThat(SageMakerRequest.DEFAULT).hasToString("SageMakerRequest[]");
  }

  @Test
  void allThatIsWrongIsSaidAtOnce() {
    assertThatThrownBy(() -> GrammarJson.read(
            "{\"targetModel\":\" a\",\"inferenceComponent\":\"b_\",\"sessionId\":\"d d\","
                + "\"inferenceId\":\""
                + "e".repeat(65)
                + "\",\"customAttributes\":\"f\\nf\",\"accept\":\"\"}",
            SageMakerRequest.class))
        .isInstanceOfSatisfying(
            InvalidValueException.class,
            e -> assertThat(e.problems())
                .extracting(problem -> problem.field())
                .containsExactly(
                    "targetModel",
                    "inferenceComponent",
                    "sessionId",
                    "inferenceId",
                    "customAttributes",
                    "accept"));
  }

  @Test
  void customAttributesAreNotShown() {
    assertThat(SageMakerRequest.DEFAULT.withCustomAttributes("confidential").toString())
        .doesNotContain("confidential")
        .contains("customAttributes=(not shown)");
    assertThatThrownBy(() -> SageMakerRequest.DEFAULT.withCustomAttributes("confidenti\u00e4l"))
        .isInstanceOf(InvalidValueException.class)
        .hasMessageNotContaining("confidenti");
  }

  @Test
  void aNewSessionMayBeAskedFor() {
    assertThat(
            SageMakerRequest.DEFAULT.withSessionId(SageMakerRequest.NEW_SESSION).sessionId())
        .contains("NEW_SESSION");
  }
}
