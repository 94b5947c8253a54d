package io.fairlead.serverless;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.fairlead.grammar.InvalidValueException;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class HttpSettingsTest {
  private static final String TOKEN = "0123456789abcdef";

  @ParameterizedTest
  @ValueSource(strings = {"0.0.0.0", "192.168.1.1", "::", "example.com", "127.evil.example"})
  void anAddressThatOthersReachNeedsATokenOrTheOpenDoor(String host) {
    assertThatThrownBy(() -> HttpSettings.DEFAULT.withAddress(host, 0))
        .isInstanceOf(InvalidValueException.class)
        .hasMessageContaining(
            "token must be given to listen at an address that other machines reach");
    assertThat(HttpSettings.DEFAULT.withToken(TOKEN).withAddress(host, 0).host())
        .isEqualTo(host);
    assertThat(
            HttpSettings.DEFAULT.withOpenWithoutToken(true).withAddress(host, 0).host())
        .isEqualTo(host);
  }

  @ParameterizedTest
  @ValueSource(strings = {"127.0.0.1", "127.1.2.3", "localhost", "LocalHost", "::1"})
  void thisMachineNeedsNone(String host) {
    assertThat(HttpSettings.DEFAULT.withAddress(host, 0).token()).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "short", "with a space in it all", "0123456789abcde\u00e4"})
  void aTokenIsOneLongWord(String token) {
    assertThatThrownBy(() -> HttpSettings.DEFAULT.withToken(token))
        .isInstanceOf(InvalidValueException.class)
        .hasMessage(
            "HttpSettings: token must be 16 or more visible ASCII characters without a space");
  }

  @Test
  void theTokenIsNotInItsTextForm() {
    assertThat(HttpSettings.DEFAULT.withToken(TOKEN))
        .hasToString("HttpSettings[token=(not shown)]");
  }

  @Test
  void allThatIsWrongIsTold() {
    assertThatThrownBy(() -> HttpSettings.DEFAULT.withHealthRoute("health"))
        .hasMessageContaining("healthRoute must begin with a /");
    assertThatThrownBy(() -> HttpSettings.DEFAULT.withPredictRoute("predict"))
        .hasMessageContaining("predictRoute must begin with a /");
    assertThatThrownBy(() -> HttpSettings.forVertex(
            Map.of("AIP_HEALTH_ROUTE", "health", "AIP_PREDICT_ROUTE", "predict")))
        .hasMessageContaining("healthRoute must begin with a /")
        .hasMessageContaining("predictRoute must begin with a /");
    assertThatThrownBy(() -> HttpSettings.DEFAULT.withAddress("127.0.0.1", 65536))
        .hasMessageContaining("port must be 0 to 65535 (got 65536)");
    assertThatThrownBy(() -> HttpSettings.DEFAULT.withMaxBodyBytes(0))
        .hasMessageContaining("maxBodyBytes must be 1 to 1073741824");
    assertThatThrownBy(() -> HttpSettings.DEFAULT.withMaxConnections(0))
        .hasMessageContaining("maxConnections must be 1 or more");
    assertThatThrownBy(() -> HttpSettings.DEFAULT.withTransferTime(Duration.ZERO))
        .hasMessageContaining("transferTime must be more than 0");
    assertThatThrownBy(() -> HttpSettings.DEFAULT.withIdleTime(Duration.ofNanos(-1)))
        .hasMessageContaining("idleTime must be more than 0");
  }

  @Test
  void aContainerAtSageMakerListensWhereItIsCalled() {
    HttpSettings settings = HttpSettings.forSageMaker();

    assertThat(settings.host()).isEqualTo("0.0.0.0");
    assertThat(settings.port()).isEqualTo(8080);
    assertThat(settings.openWithoutToken()).isTrue();
  }

  @Test
  void aContainerAtVertexListensWhereItIsTold() {
    HttpSettings settings = HttpSettings.forVertex(Map.of(
        "AIP_HTTP_PORT",
        "7080",
        "AIP_HEALTH_ROUTE",
        "/v1/endpoints/1/deployedModels/2",
        "AIP_PREDICT_ROUTE",
        "/v1/endpoints/1/deployedModels/2:predict"));

    assertThat(settings.host()).isEqualTo("0.0.0.0");
    assertThat(settings.port()).isEqualTo(7080);
    assertThat(settings.healthRoute()).contains("/v1/endpoints/1/deployedModels/2");
    assertThat(settings.predictRoute()).contains("/v1/endpoints/1/deployedModels/2:predict");
    assertThat(HttpSettings.forVertex(Map.of()).port()).isEqualTo(8080);
    assertThatThrownBy(() -> HttpSettings.forVertex(Map.of("AIP_HTTP_PORT", "http")))
        .hasMessage("environment: AIP_HTTP_PORT must be a port (got \"http\")");
  }
}
