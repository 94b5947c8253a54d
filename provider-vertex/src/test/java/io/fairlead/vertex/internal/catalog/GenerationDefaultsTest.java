package io.fairlead.vertex.internal.catalog;

import static java.nio.charset.StandardCharsets.UTF_16;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.fairlead.grammar.Container;
import io.fairlead.grammar.Dependencies;
import io.fairlead.grammar.ModelArtifact;
import io.fairlead.grammar.RuntimeSpec;
import io.fairlead.platform.Request;
import io.fairlead.vertex.VertexArtifact;
import io.fairlead.vertex.VertexArtifact.Placement;
import io.fairlead.vertex.VertexContainer;
import java.net.URI;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class GenerationDefaultsTest {
  private static final Map<String, String> CONFIG = VertexArtifact.generationConfig(
          Map.of("temperature", "0.2", "mode", "fast"))
      .generationConfig();

  private static String added(String body) {
    return new String(
        GenerationDefaults.added(Request.json(body), CONFIG, Placement.PARAMETERS), UTF_8);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "{}|{\"parameters\":{\"mode\":\"fast\",\"temperature\":0.2}}",
        "{\"instances\":[{}]}|{\"parameters\":{\"mode\":\"fast\",\"temperature\":0.2},\"instances\":[{}]}",
        "{\"parameters\":{}}|{\"parameters\":{\"mode\":\"fast\",\"temperature\":0.2}}",
        "{\"parameters\" : { \"n\":[{\"mode\":1}] }}|{\"parameters\" : {\"mode\":\"fast\",\"temperature\":0.2, \"n\":[{\"mode\":1}] }}",
        "{\"parameters\":{\"mode\":null}}|{\"parameters\":{\"temperature\":0.2,\"mode\":null}}",
        "{\"a\":{\"parameters\":{}}}|{\"parameters\":{\"mode\":\"fast\",\"temperature\":0.2},\"a\":{\"parameters\":{}}}",
      })
  void whatTheRequestDoesNotSayIsAdded(String body, String sent) {
    assertThat(added(body)).isEqualTo(sent);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "text",
        "[{}]",
        "3",
        "{\"a\":",
        "{\"a\":1} {}",
        "{\"parameters\":{\"mode\":1",
        "{\"parameters\":null}",
        "{\"parameters\":[1]}",
        "{\"parameters\":{\"temperature\":1,\"mode\":\"slow\"}}"
      })
  void whatIsNoObjectOrSaysOtherwiseStaysAsItIs(String body) {
    assertThat(added(body)).isEqualTo(body);
  }

  @Test
  void numbersAndTextOfTheRequestStayAsTheyAreWritten() {
    String rest = "\"instances\" : [1.10, 12345678901234567890, 1e400, \"\\u00e4ä€😀\"] }";

    assertThat(added("\n{ " + rest))
        .isEqualTo("\n{\"parameters\":{\"mode\":\"fast\",\"temperature\":0.2}, " + rest);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "1|1",
        "-0.5e-3|-0.5e-3",
        "true|true",
        "false|false",
        "null|\"null\"",
        "01|\"01\"",
        "1.|\"1.\"",
        "0x1|\"0x1\"",
        "NaN|\"NaN\"",
        "a\"b|\"a\\\"b\"",
        "``|\"\"",
      })
  void aValueThatReadsAsANumberOrABooleanTravelsAsOne(String value, String written) {
    byte[] body = GenerationDefaults.added(
        Request.json("{}"), Map.of("key \"1\"", value), Placement.PARAMETERS);

    assertThat(new String(body, UTF_8))
        .isEqualTo("{\"parameters\":{\"key \\\"1\\\"\":" + written + "}}");
  }

  @ParameterizedTest
  @CsvSource({
    "application/json; charset=utf-8,true",
    "Application/JSON,true",
    "application/vnd.api+json,true",
    "text/plain,false",
    "application/jsonl,false"
  })
  void onlyWhatIsSaidToBeJsonIsRead(String contentType, boolean read) {
    Request request = Request.of("{}".getBytes(UTF_8), contentType);

    assertThat(GenerationDefaults.added(request, CONFIG, Placement.PARAMETERS).length > 2)
        .isEqualTo(read);
  }

  @Test
  void withoutAConfigAndInAnotherEncodingItIsTheSame() {
    Request request = Request.json("{}");
    Request other = Request.of("{}".getBytes(UTF_16), "application/json");

    assertThat(GenerationDefaults.added(request, Map.of(), Placement.PARAMETERS))
        .isSameAs(request.bodyUnsafe());
    assertThat(GenerationDefaults.added(other, CONFIG, Placement.PARAMETERS))
        .isSameAs(other.bodyUnsafe());
  }

  // ---- where the container reads it ----

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "PARAMETERS_OF_INSTANCES|{\"instances\":[{\"inputs\":\"a\"},{\"parameters\":{\"mode\":1}}]}"
            + "|{\"instances\":[{\"parameters\":{\"mode\":\"fast\",\"temperature\":0.2},\"inputs\":\"a\"},"
            + "{\"parameters\":{\"temperature\":0.2,\"mode\":1}}]}",
        "PARAMETERS_OF_INSTANCES|{\"instances\":[{\"parameters\":null},{}]}"
            + "|{\"instances\":[{\"parameters\":null},{\"parameters\":{\"mode\":\"fast\",\"temperature\":0.2}}]}",
        "PARAMETERS_OF_INSTANCES|{\"instances\":[1,[{}],\"a\"]}|{\"instances\":[1,[{}],\"a\"]}",
        "PARAMETERS_OF_INSTANCES|{\"inputs\":\"a\"}|{\"inputs\":\"a\"}",
        "PARAMETERS_OF_INSTANCES|{\"instances\":[{}],\"a\":|{\"instances\":[{}],\"a\":",
        "INSTANCES|{\"instances\":[{\"prompt\":\"a\",\"temperature\":1}]}"
            + "|{\"instances\":[{\"mode\":\"fast\",\"prompt\":\"a\",\"temperature\":1}]}",
        "BODY|{\"messages\":[{}],\"temperature\":1}|{\"mode\":\"fast\",\"messages\":[{}],\"temperature\":1}",
        "BODY|{\"parameters\":null}|{\"mode\":\"fast\",\"temperature\":0.2,\"parameters\":null}",
        "BODY|[]|[]"
      })
  void itIsAddedWhereTheContainerReadsIt(Placement placement, String body, String sent) {
    assertThat(new String(GenerationDefaults.added(Request.json(body), CONFIG, placement), UTF_8))
        .isEqualTo(sent);
  }

  @ParameterizedTest
  @CsvSource({
    "us-docker.pkg.dev/a/huggingface-text-generation-inference-cu124:1, PARAMETERS_OF_INSTANCES",
    "us-docker.pkg.dev/vertex-ai/vertex-vision-model-garden-dockers/pytorch-vllm-serve:1, INSTANCES",
    "us-docker.pkg.dev/a/b/server:1, PARAMETERS"
  })
  void theImagesNameSaysWhereThatIs(String image, Placement placement) {
    assertThat(GenerationDefaults.placement(
            VertexArtifact.generationConfig(CONFIG), container("gs://a/b/", RuntimeSpec.of(image))))
        .isEqualTo(placement);
  }

  @Test
  void invokeRoutesAndTheOptionSayItToo() {
    VertexArtifact option = VertexArtifact.generationConfig(CONFIG);
    RuntimeSpec routes =
        RuntimeSpec.of("a/vllm").with(VertexContainer.DEFAULT.withInvokeRoutes("/generate"));

    assertThat(GenerationDefaults.placement(option, container("gs://a/b/", routes)))
        .isEqualTo(Placement.BODY);
    assertThat(GenerationDefaults.placement(
            option.at(Placement.INSTANCES), container("gs://a/b/", routes)))
        .isEqualTo(Placement.INSTANCES);
  }

  private static Container container(String location, RuntimeSpec runtime) {
    return new Container(ModelArtifact.of(URI.create(location)), runtime, Dependencies.NONE);
  }
}
