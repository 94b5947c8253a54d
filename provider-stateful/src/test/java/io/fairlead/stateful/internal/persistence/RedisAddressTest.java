package io.fairlead.stateful.internal.persistence;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class RedisAddressTest {
  @ParameterizedTest
  @CsvSource({
    "redis://cache.example.com, redis://cache.example.com:6379",
    "redis://:secret@localhost:7000/3, redis://localhost:7000",
    "redis://app:secret@127.0.0.1, redis://127.0.0.1:6379",
    "redis://:secret@[::1]:7000, redis://[::1]:7000",
    "rediss://app:secret@cache.example.com:6380/0?timeout=5s, rediss://cache.example.com:6380",
  })
  void itsTextHasNoPassword(String uri, String text) {
    RedisAddress address = RedisAddress.of(uri);

    assertThat(address).hasToString(text);
    assertThat(address.uri()).hasToString(uri);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "redis://:secret@cache.example.com",
        "redis://app:secret@10.0.0.1:6379",
        "REDIS://secret@cache.example.com"
      })
  void aPasswordIsNotSentInPlaintextToAnotherMachine(String uri) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> RedisAddress.of(uri))
        .withMessageContaining("would be sent in plaintext: use rediss://")
        .satisfies(e -> assertThat(e.getMessage()).doesNotContain("secret"))
        .withNoCause();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "cache.example.com:6379",
        "http://:secret@localhost",
        "redis-sentinel://:secret@localhost/0#main",
        "redis://:sec ret@localhost",
        "rediss://:secret@",
        "rediss://:secret@under_score:6379",
      })
  void whatIsNoUriOfAServerIsRefusedWithoutItsPassword(String uri) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> RedisAddress.of(uri))
        .withMessage("The URI of the Redis server must be like"
            + " rediss://user:password@host:6379/0, or redis:// without TLS.")
        .withNoCause();
  }

  @Test
  void aParameterThatIsNoneIsRefusedWithoutThePassword() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> RemoteCache.inRedis(
            "rediss://:secret@cache.example.com/0?verifyPeer=never", RemoteSettings.of("bert")))
        .withMessage("The database or a parameter in the URI of rediss://cache.example.com:6379 is"
            + " not valid.")
        .withNoCause();
  }
}
