package io.fairlead.platform;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
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

  /** A detail of one platform. */
  private record Session(String id) implements ResponseDetail {}

  /** A detail of another. */
  private record Billed(int tokens) implements ResponseDetail {}

  @Test
  void itCarriesWhatAPlatformAloneTellsByType() {
    Response response = Response.json("1");

    Response told = response
        .with(new Session("one"))
        .with(new Billed(3))
        .with(new Session("two"))
        .servedBy("blue");

    assertThat(response.find(Session.class)).isEmpty();
    assertThat(told.find(Session.class)).contains(new Session("two"));
    assertThat(told.find(Billed.class)).contains(new Billed(3));
    assertThat(told).isNotEqualTo(response.servedBy("blue"));
  }

  @Test
  void itsBodyIsHandedOnAsOnePieceAndTheRestTellsAllElse() {
    List<ByteBuffer> pieces = new ArrayList<>();

    Response rest = Response.json("1").servedBy("blue").with(new Billed(3)).handOn(pieces::add);

    assertThat(pieces).containsExactly(ByteBuffer.wrap(new byte[] {'1'}));
    assertThat(pieces.get(0).isReadOnly()).isTrue();
    assertThat(rest.body()).isEmpty();
    assertThat(rest.contentType()).isEqualTo("application/json");
    assertThat(rest.variant()).contains("blue");
    assertThat(rest.find(Billed.class)).contains(new Billed(3));
    assertThat(rest.handOn(pieces::add)).isEqualTo(rest);
    assertThat(pieces).hasSize(1);
  }

  @Test
  void withAnotherBodyItTellsAllElse() {
    byte[] body = {'2'};
    Response other = Response.json("1").servedBy("blue").with(new Billed(3)).withBody(body);
    body[0] = '9';

    assertThat(other).isEqualTo(Response.json("2").servedBy("blue").with(new Billed(3)));
  }

  @Test
  void itsTextFormHasNoPayload() {
    Response response = Response.json("hunter2").with(new Session("hunter2"));

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
