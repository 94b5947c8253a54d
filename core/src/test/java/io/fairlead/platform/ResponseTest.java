package io.fairlead.platform;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import nl.jqno.equalsverifier.EqualsVerifier;
import nl.jqno.equalsverifier.Warning;
import org.junit.jupiter.api.Test;

class ResponseTest {
  @Test
  void theBodyIsCopiedOnTheWayInAndOnTheWayOut() {
    byte[] bytes = {1, 2, 3};
    Response response = Response.of(bytes, "application/octet-stream");

    bytes[0] = 9;
    response.body()[1] = 9;

    assertThat(response.body()).containsExactly(1, 2, 3);
  }

  @Test
  void theBodyCanBeReadWithoutACopyAndNotChanged() {
    Response response = Response.of(new byte[] {1, 2, 3}, "application/octet-stream");

    ByteBuffer buffer = response.bodyBuffer();

    assertThat(buffer).isEqualTo(ByteBuffer.wrap(new byte[] {1, 2, 3}));
    assertThat(buffer.isReadOnly()).isTrue();
  }

  @Test
  void itKnowsWhichVariantGaveIt() {
    Response response = Response.json("{\"label\":\"ä\"}");

    assertThat(response.variant()).isEmpty();
    assertThat(response.servedBy("blue").variant()).contains("blue");
    assertThat(response.servedBy("blue").text()).isEqualTo("{\"label\":\"ä\"}");
    assertThat(response.servedBy("blue").contentType()).isEqualTo("application/json");
  }

  @Test
  void itsTextFormHasNoPayload() {
    Response response = Response.json("hunter2");

    assertThat(response).hasToString("Response[7 bytes of application/json]");
    assertThat(response.servedBy("blue"))
        .hasToString("Response[7 bytes of application/json, served by blue]");
  }

  @Test
  void equalResponsesAreEqual() {
    EqualsVerifier.forClass(Response.class)
        .suppress(Warning.NULL_FIELDS, Warning.STRICT_HASHCODE)
        .verify();
  }
}
