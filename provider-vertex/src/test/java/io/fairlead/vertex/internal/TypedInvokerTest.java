package io.fairlead.vertex.internal;

import static io.fairlead.vertex.internal.Serving.BLUE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.cloud.aiplatform.v1.PredictRequest;
import com.google.cloud.aiplatform.v1.PredictResponse;
import com.google.protobuf.Value;
import io.fairlead.contract.VirtualTime;
import io.fairlead.error.ErrorKind;
import io.fairlead.error.ServingException;
import io.fairlead.grammar.InvalidValueException;
import io.fairlead.platform.Request;
import io.fairlead.platform.Response;
import io.fairlead.vertex.VertexConfig;
import io.fairlead.vertex.VertexResponse;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(60)
class TypedInvokerTest {
  private final Serving serving = new Serving();

  @AfterEach
  void close() {
    serving.close();
  }

  @Test
  void instancesAreAskedForPredictionsAndTheModelIsTold() {
    serving.with(false, "blue");

    Response answer = serving.invoker.predict(
        BLUE,
        Request.json("{\"instances\":[[1.5,\"a\",null],{\"b\":true}],\"parameters\":{\"k\":2}}"));

    assertThat(answer)
        .isEqualTo(Response.json("{\"predictions\":[[1.5,\"a\",null],{\"b\":true}]}")
            .servedBy("blue")
            .with(new VertexResponse(
                Optional.of(Serving.id("blue")),
                Optional.of(
                    "projects/" + serving.project.number() + "/locations/us-central1/models/m"),
                Optional.of("1"))));
    PredictRequest asked =
        serving.project.requests("Predict", PredictRequest.class).get(0);
    assertThat(asked.getEndpoint()).isEqualTo(serving.names.endpoint("churn"));
    assertThat(asked.getParameters().getStructValue().getFieldsOrThrow("k").getNumberValue())
        .isEqualTo(2);
    assertThat(serving.project.calls()).containsExactly("Predict");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "secret",
        "[1]",
        "{}",
        "{\"instances\":[]}",
        "{\"instances\":\"secret\"}",
        "{\"instances\":[1],\"secret\":2}",
        "{\"instances\":[1],\"endpoint\":\"secret\"}",
        "{\"instances\":[1]"
      })
  void whatHasNoInstancesIsRefusedBeforeAnyCallAndNotShown(String body) {
    serving.with(false, "blue");

    assertThatThrownBy(() -> serving.invoker.predict(BLUE, Request.json(body)))
        .isInstanceOf(InvalidValueException.class)
        .hasNoCause()
        .hasMessageContaining("body must be a JSON object of \"instances\"")
        .message()
        .doesNotContain("secret");
    assertThat(serving.project.calls()).isEmpty();
  }

  @Test
  void whatTheModelSaysBesideItsPredictionsIsInTheAnswer() {
    Response answer = scripted(PredictResponse.newBuilder()
        .setMetadata(Value.newBuilder().setStringValue("tokens: 3"))
        .build());

    assertThat(answer.text()).isEqualTo("{\"predictions\":[],\"metadata\":\"tokens: 3\"}");
    assertThat(answer.find(VertexResponse.class).orElseThrow().deployedModelId())
        .isEmpty();
  }

  @Test
  void aNumberThatJsonCannotWriteIsTold() {
    assertThatThrownBy(() -> scripted(PredictResponse.newBuilder()
            .addPredictions(Value.newBuilder().setNumberValue(Double.NaN))
            .build()))
        .isInstanceOfSatisfying(
            ServingException.class, e -> assertThat(e.kind()).isEqualTo(ErrorKind.MODEL_FAILED))
        .hasMessageContaining("use invoke");
  }

  private static Response scripted(PredictResponse prediction) {
    try (ScriptedPredictions server = new ScriptedPredictions();
        VertexClients clients = new VertexClients(server.config())) {
      server.predict(prediction);
      VertexConfig config = server.config();
      return new VertexInvoker(
              config,
              clients,
              new VertexErrors(VertexClients.identity(config)),
              new VertexNames(config),
              new VirtualTime(),
              new Random(1))
          .predict(BLUE, Request.json("{\"instances\":[1]}"));
    }
  }
}
