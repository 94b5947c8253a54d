package io.fairlead.language;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ServerSentEventsTest {
  private final List<String> events = new ArrayList<>();

  private void read(byte[] bytes, int cut) {
    events.clear();
    ServerSentEvents reader = new ServerSentEvents(events::add);
    reader.read(ByteBuffer.wrap(bytes, 0, cut));
    reader.read(ByteBuffer.wrap(bytes, cut, bytes.length - cut));
  }

  @ParameterizedTest
  @ValueSource(strings = {"\n", "\r\n", "\r"})
  void eventsAreTheSameWhereverTheirBytesAreCut(String end) {
    byte[] bytes = String.join(
            end,
            ": hello",
            "data: caf\u00E9 \uD83D\uDE00",
            "",
            "event: x",
            "data:one",
            "data: two",
            "id: 7",
            "",
            "",
            "data",
            "",
            "data:  kept",
            "")
        .concat(end)
        .getBytes(UTF_8);

    for (int cut = 0; cut <= bytes.length; cut++) {
      read(bytes, cut);
      assertThat(events).containsExactly("caf\u00E9 \uD83D\uDE00", "one\ntwo", "", " kept");
    }
  }

  @Test
  void anEventThatTheEndCutsOffIsNone() {
    read("data: one\n\ndata: tw".getBytes(UTF_8), 3);
    assertThat(events).containsExactly("one");

    read("data: one\n\ndata: two\n".getBytes(UTF_8), 3);
    assertThat(events).containsExactly("one");
  }
}
