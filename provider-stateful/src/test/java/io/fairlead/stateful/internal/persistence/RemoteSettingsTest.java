package io.fairlead.stateful.internal.persistence;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import org.junit.jupiter.api.Test;

class RemoteSettingsTest {
  @Test
  void aLookupWaitsForTwentyMillisecondsByDefault() {
    RemoteSettings settings = RemoteSettings.of("bert");

    assertThat(settings.commandTimeout()).isEqualTo(Duration.ofMillis(20));
    assertThat(settings.connectTimeout()).isEqualTo(Duration.ofSeconds(1));
    assertThat(settings.timeToLive()).isEqualTo(Duration.ofDays(1));
  }

  @Test
  void whatIsNoTimeIsRefused() {
    assertThatThrownBy(() ->
            new RemoteSettings(" ", Duration.ZERO, Duration.ofMillis(-1), Duration.ofNanos(5)))
        .hasMessageContaining("name")
        .hasMessageContaining("commandTimeout")
        .hasMessageContaining("connectTimeout")
        .hasMessageContaining("timeToLive");
  }
}
