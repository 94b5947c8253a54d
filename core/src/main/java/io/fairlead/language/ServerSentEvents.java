package io.fairlead.language;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.util.function.Consumer;

/**
 * Reads the data of server-sent events from bytes that are cut anywhere.
 *
 * <p>As the HTML standard has them: lines end with CR, LF or both, several lines of data are one text with LF between
 * them, a line that begins with a colon is a comment, an empty line ends an event, and an event that the end of the
 * stream cuts off is none. Of other fields than {@code data} nothing is used.
 */
final class ServerSentEvents {
  private static final String DATA = "data";

  private final Consumer<String> events;
  private final ByteArrayOutputStream line = new ByteArrayOutputStream();
  private final StringBuilder data = new StringBuilder();
  private boolean hasData;
  private boolean isAfterReturn;

  /**
   * Creates a reader.
   *
   * @param events receives the data of each event
   */
  ServerSentEvents(Consumer<String> events) {
    this.events = events;
  }

  void read(ByteBuffer bytes) {
    while (bytes.hasRemaining()) {
      byte next = bytes.get();
      boolean isSecondOfEnd = isAfterReturn && next == '\n';
      isAfterReturn = next == '\r';
      if (isSecondOfEnd) {
        continue;
      }
      if (next == '\n' || next == '\r') {
        String whole = line.toString(UTF_8);
        line.reset();
        end(whole);
      } else {
        line.write(next);
      }
    }
  }

  private void end(String whole) {
    if (whole.isEmpty()) {
      if (hasData) {
        String event = data.toString();
        data.setLength(0);
        hasData = false;
        events.accept(event);
      }
      return;
    }
    int colon = whole.indexOf(':');
    String field = colon < 0 ? whole : whole.substring(0, colon);
    if (field.equals(DATA)) {
      String value = colon < 0 ? "" : whole.substring(colon + 1);
      data.append(hasData ? "\n" : "").append(value.startsWith(" ") ? value.substring(1) : value);
      hasData = true;
    }
  }
}
