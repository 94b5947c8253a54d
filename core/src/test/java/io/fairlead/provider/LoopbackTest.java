package io.fairlead.provider;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.URI;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class LoopbackTest {
  @ParameterizedTest
  @ValueSource(
      strings = {
        "localhost",
        "LocalHost",
        "127.0.0.1",
        "127.255.255.255",
        "::1",
        "[::1]",
        "0:0:0:0:0:0:0:1",
        "[0000::0001]",
        "::ffff:127.0.0.1"
      })
  void thisMachineIsLoopback(String host) {
    assertThat(Loopback.isHost(host)).isTrue();
  }

  /** None is looked up, and none is completed: what another program makes of it may be another machine. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "x.localhost",
        "localhost.",
        "localhost.example.com",
        "127.0.0.1.example.com",
        "127.1",
        "2130706433",
        "0x7f.0.0.1",
        "127.0.0.256",
        "127.00.0.1",
        "128.0.0.1",
        "0.0.0.0",
        "10.0.0.1",
        "::",
        "[::]",
        "::2",
        "::ffff:10.0.0.1",
        ":",
        "[localhost]",
        "[127.0.0.1]",
        "::1%lo",
        "ip6-localhost"
      })
  void everythingElseIsNot(String host) {
    assertThat(Loopback.isHost(host)).isFalse();
  }

  @ParameterizedTest
  @CsvSource({
    "http://localhost:8080/path, true",
    "http://127.0.0.1, true",
    "http://[::1]:8080, true",
    "http://localhost@example.com, false",
    "http://example.com/localhost, false",
    "http://x.localhost, false",
    "http:localhost, false",
    "file:///tmp, false"
  })
  void theHostOfAUriCounts(URI uri, boolean loopback) {
    assertThat(Loopback.isHostOf(uri)).isEqualTo(loopback);
  }

  @ParameterizedTest
  @CsvSource({
    "localhost:8080, true",
    "127.0.0.1:1, true",
    "[::1]:8080, true",
    "localhost, false",
    "example.com:443, false"
  })
  void theHostBeforeAPortCounts(String hostAndPort, boolean loopback) {
    assertThat(Loopback.isHostAndPort(hostAndPort)).isEqualTo(loopback);
  }
}
