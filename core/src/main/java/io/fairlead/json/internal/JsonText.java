package io.fairlead.json.internal;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.json.JsonMapper;

/** Documents of JSON, of maps, lists, texts, numbers and truth values. */
public final class JsonText {
  private JsonText() {}

  /** {@return a document in lines that a person can read} */
  public static String pretty(Object value) {
    try {
      return new JsonMapper().writerWithDefaultPrettyPrinter().writeValueAsString(value);
    } catch (JsonProcessingException e) {
      throw new IllegalArgumentException(e);
    }
  }
}
