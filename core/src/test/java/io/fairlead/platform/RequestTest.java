package io.fairlead.platform;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.fairlead.grammar.InvalidValueException;
import io.fairlead.grammar.Options;
import io.fairlead.grammar.SampleValues.SampleOption;
import java.nio.ByteBuffer;
import java.time.Duration;
import nl.jqno.equalsverifier.EqualsVerifier;
import nl.jqno.equalsverifier.Warning;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class RequestTest {
  @ParameterizedTest
  @ValueSource(strings = {"/v1/chat/completions", "/score", "/a%20b/", "/v1/models/x:predict"})
  void aPathIsKept(String path) {
    Request request =
        Request.json("{}").withPath(path).pinnedTo("blue").withTimeout(Duration.ofSeconds(1));

    assertThat(request.path()).contains(path);
    assertThat(request).isNotEqualTo(Request.json("{}").pinnedTo("blue"));
    assertThat(request)
        .hasToString("Request[2 bytes of application/json to " + path + ", pinned to blue]");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"", "/", "score", "/a?b", "/../x", "/a/./b", "//x", "/a b", "/a#b", "/a\nb"})
  void whatIsNoPathIsRefused(String path) {
    assertThatThrownBy(() -> Request.json("{}").withPath(path))
        .isInstanceOf(InvalidValueException.class)
        .hasMessageContaining("path must be a path other than /");
  }

  @Test
  void aJsonRequestIsUtf8FollowsTheWeightsAndWaitsAMinute() {
    Request request = Request.json("{\"text\":\"ä\"}");

    assertThat(request.body()).isEqualTo("{\"text\":\"ä\"}".getBytes(UTF_8));
    assertThat(request.text()).isEqualTo("{\"text\":\"ä\"}");
    assertThat(request.contentType()).isEqualTo("application/json");
    assertThat(request.variant()).isEmpty();
    assertThat(request.timeout()).isEqualTo(Duration.ofMinutes(1));
    assertThat(request.options()).isEqualTo(Options.none());
  }

  @Test
  void textsAreJsonWhateverIsInThem() {
    assertThat(Request.texts("say \"hi\"\n", "\u0001 é \uD83D\uDE00").text())
        .isEqualTo("{\"inputs\":[\"say \\\"hi\\\"\\u000a\",\"\\u0001 é \uD83D\uDE00\"]}");
    assertThat(Request.texts("a").contentType()).isEqualTo("application/json");
  }

  @Test
  void rowsAreInstances() {
    assertThat(Request.rows(new float[] {5.1f, 3.5f}, new float[] {1e10f, -0f}).text())
        .isEqualTo("{\"instances\":[[5.1,3.5],[1.0E10,-0.0]]}");
    assertThat(Request.rows().text()).isEqualTo("{\"instances\":[]}");
  }

  @Test
  void rowsHaveNumbersThatJsonHasAFormFor() {
    assertThatThrownBy(
            () -> Request.rows(new float[] {1, Float.NaN}, new float[] {Float.POSITIVE_INFINITY}))
        .isInstanceOf(InvalidValueException.class)
        .hasMessage("Request: rows[0][1] must be finite (got NaN); "
            + "rows[1][0] must be finite (got Infinity)");
  }

  @Test
  void theBodyIsCopiedOnTheWayInAndOnTheWayOut() {
    byte[] bytes = {1, 2, 3};
    Request request = Request.of(bytes, "application/octet-stream");

    bytes[0] = 9;
    request.body()[1] = 9;

    assertThat(request.body()).containsExactly(1, 2, 3);
  }

  @Test
  void theBodyCanBeReadWithoutACopyAndNotChanged() {
    Request request = Request.of(new byte[] {1, 2, 3}, "application/octet-stream");

    ByteBuffer buffer = request.bodyBuffer();

    assertThat(buffer).isEqualTo(ByteBuffer.wrap(new byte[] {1, 2, 3}));
    assertThat(buffer.isReadOnly()).isTrue();
  }

  @Test
  void eachChangeIsACopyThatKeepsTheRest() {
    SampleOption option = new SampleOption("red");
    Request plain = Request.json("{}");

    Request request = plain.pinnedTo("blue").withTimeout(Duration.ofSeconds(5)).with(option);

    assertThat(request.text()).isEqualTo("{}");
    assertThat(request.contentType()).isEqualTo("application/json");
    assertThat(request.variant()).contains("blue");
    assertThat(request.timeout()).isEqualTo(Duration.ofSeconds(5));
    assertThat(request.options()).isEqualTo(Options.of(option));
    assertThat(plain).isEqualTo(Request.json("{}"));
  }

  @ParameterizedTest
  @ValueSource(strings = {"", " ", "text/plain\r\nX-Other: 1", "text/plain\u0000"})
  void aContentTypeIsOneLineOfText(String contentType) {
    assertThatThrownBy(() -> Request.of(new byte[0], contentType))
        .isInstanceOf(InvalidValueException.class)
        .hasMessage("Request: contentType must be a line of text, such as application/json (got \""
            + contentType + "\")");
  }

  @ParameterizedTest
  @CsvSource({"PT0S, 0 s", "PT-1S, -1 s"})
  void aTimeoutIsSomeTime(Duration timeout, String shown) {
    assertThatThrownBy(() -> Request.json("{}").withTimeout(timeout))
        .isInstanceOf(InvalidValueException.class)
        .hasMessage("Request: timeout must be more than 0 (got " + shown + ")");
  }

  @Test
  void itsTextFormHasNoPayload() {
    Request request = Request.json("hunter2");

    assertThat(request).hasToString("Request[7 bytes of application/json]");
    assertThat(request.pinnedTo("blue"))
        .hasToString("Request[7 bytes of application/json, pinned to blue]");
  }

  @Test
  void equalRequestsAreEqual() {
    EqualsVerifier.forClass(Request.class)
        .suppress(Warning.NULL_FIELDS, Warning.STRICT_HASHCODE)
        .verify();
  }

  @Test
  void aBodyIsHandedOnWithoutACopyToThoseWhoAskForIt() {
    Request request = Request.json("{}");

    assertThat(request.bodyUnsafe()).isSameAs(request.bodyUnsafe()).isEqualTo(request.body());
    assertThat(request.body()).isNotSameAs(request.body());
    byte[] body = {1, 2};
    assertThat(Request.ofUnsafe(body, "application/octet-stream"))
        .isEqualTo(Request.of(body, "application/octet-stream"))
        .extracting(Request::bodyUnsafe)
        .isSameAs(body);
    byte[] answer = {1, 2};
    assertThat(Response.ofUnsafe(answer, "application/octet-stream"))
        .isEqualTo(Response.of(answer, "application/octet-stream"));
  }
}
