package io.fairlead.json;

import static java.util.Objects.requireNonNull;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.MapperFeature;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.cfg.CoercionAction;
import com.fasterxml.jackson.databind.cfg.CoercionInputShape;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.module.SimpleModule;
import com.fasterxml.jackson.databind.type.LogicalType;
import io.fairlead.grammar.InvalidValueException;
import io.fairlead.grammar.Options;
import java.time.Duration;

/**
 * Writes values of the grammar as JSON and reads them back, equal.
 *
 * <p>Reading is strict: an unknown or missing field, a wrong type, a number that does not fit is an {@link
 * InvalidValueException} that names the field by its path, the rule and the value. Options are read by the {@link
 * io.fairlead.spi.OptionsProvider} of their platform's module, which has to be on the class path.
 *
 * <p>The JSON holds environment values as they are; {@link Object#toString()} does not.
 */
public final class GrammarJson {
  private GrammarJson() {}

  /** {@return the value as JSON on one line; the same value gives the same text everywhere} */
  public static String write(Object value) {
    requireNonNull(value, "value");
    try {
      return Holder.MAPPER.writeValueAsString(value);
    } catch (JsonProcessingException e) {
      throw new IllegalArgumentException(
          value.getClass().getSimpleName() + " cannot be written as JSON", e);
    }
  }

  /** {@return the value as indented JSON} */
  public static String writePretty(Object value) {
    requireNonNull(value, "value");
    try {
      return Holder.MAPPER.writerWithDefaultPrettyPrinter().writeValueAsString(value);
    } catch (JsonProcessingException e) {
      throw new IllegalArgumentException(
          value.getClass().getSimpleName() + " cannot be written as JSON", e);
    }
  }

  /**
   * Reads a value of the grammar, with options from the thread's context class loader if it has one.
   *
   * @param json the JSON
   * @param type what it should be, such as {@code Endpoint.class}
   * @throws InvalidValueException if it is not
   */
  public static <T> T read(String json, Class<T> type) {
    try {
      T value = Holder.MAPPER.readValue(json, type);
      if (value == null) {
        throw new JsonErrors(type).nothing();
      }
      return value;
    } catch (JsonProcessingException e) {
      throw new JsonErrors(type).translate(e);
    }
  }

  /** Loads Jackson when it is first needed. */
  private static final class Holder {
    static final JsonMapper MAPPER = build();

    private static JsonMapper build() {
      SimpleModule module = new SimpleModule("fairlead")
          .addSerializer(Options.class, new OptionsJson.Writer())
          .addDeserializer(Options.class, new OptionsJson.Reader())
          .addSerializer(Duration.class, new DurationJson.Writer())
          .addDeserializer(Duration.class, new DurationJson.Reader());
      JsonMapper mapper = JsonMapper.builder()
          .addModule(module)
          .disable(MapperFeature.AUTO_DETECT_IS_GETTERS)
          .disable(MapperFeature.ALLOW_COERCION_OF_SCALARS)
          .enable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES)
          .enable(DeserializationFeature.FAIL_ON_MISSING_CREATOR_PROPERTIES)
          .enable(DeserializationFeature.FAIL_ON_NULL_FOR_PRIMITIVES)
          .enable(DeserializationFeature.FAIL_ON_NULL_CREATOR_PROPERTIES)
          .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
          .enable(DeserializationFeature.FAIL_ON_READING_DUP_TREE_KEY)
          .enable(DeserializationFeature.FAIL_ON_NUMBERS_FOR_ENUMS)
          .disable(DeserializationFeature.ACCEPT_FLOAT_AS_INT)
          .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
          .enable(SerializationFeature.ORDER_MAP_ENTRIES_BY_KEYS)
          .build();
      mapper
          .coercionConfigFor(LogicalType.Textual)
          .setCoercion(CoercionInputShape.Integer, CoercionAction.Fail)
          .setCoercion(CoercionInputShape.Float, CoercionAction.Fail)
          .setCoercion(CoercionInputShape.Boolean, CoercionAction.Fail);
      return mapper;
    }
  }
}
