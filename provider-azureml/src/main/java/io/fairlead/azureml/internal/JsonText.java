package io.fairlead.azureml.internal;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.util.Optional;

/** A text in JSON. */
final class JsonText {
  private static final JsonMapper JSON = new JsonMapper();

  private JsonText() {}

  /** {@return the text that a string in JSON has; empty if it is none} */
  static Optional<String> read(String quoted) {
    try {
      return Optional.ofNullable(JSON.readValue(quoted, String.class));
    } catch (JsonProcessingException e) {
      return Optional.empty();
    }
  }
}
