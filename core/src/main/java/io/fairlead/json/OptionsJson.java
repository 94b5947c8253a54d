package io.fairlead.json;

import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.databind.DeserializationContext;
import com.fasterxml.jackson.databind.SerializerProvider;
import com.fasterxml.jackson.databind.deser.std.StdDeserializer;
import com.fasterxml.jackson.databind.ser.std.StdSerializer;
import io.fairlead.grammar.Options;
import io.fairlead.grammar.PlatformOptions;
import io.fairlead.spi.OptionsProvider;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.ServiceLoader;
import org.jspecify.annotations.Nullable;

/** Options as an object with a field for each, named {@code platform.Type}. */
final class OptionsJson {
  private OptionsJson() {}

  private static String key(String platform, Class<?> type) {
    return platform + "." + type.getSimpleName();
  }

  @SuppressWarnings("serial") // Jackson's parent is serializable, and nobody serializes this
  static final class Writer extends StdSerializer<Options> {
    Writer() {
      super(Options.class);
    }

    @Override
    public void serialize(Options options, JsonGenerator generator, SerializerProvider provider)
        throws IOException {
      generator.writeStartObject();
      for (PlatformOptions option : options.values()) {
        provider.defaultSerializeField(
            key(option.platform(), option.getClass()), option, generator);
      }
      generator.writeEndObject();
    }
  }

  @SuppressWarnings("serial") // Jackson's parent is serializable, and nobody serializes this
  static final class Reader extends StdDeserializer<Options> {
    Reader() {
      super(Options.class);
    }

    @Override
    public Options deserialize(JsonParser parser, DeserializationContext context)
        throws IOException {
      if (parser.currentToken() != JsonToken.START_OBJECT) {
        return (Options) context.handleUnexpectedToken(Options.class, parser);
      }
      List<PlatformOptions> values = new ArrayList<>();
      @Nullable Map<String, Class<? extends PlatformOptions>> types = null;
      for (String name = parser.nextFieldName(); name != null; name = parser.nextFieldName()) {
        types = types == null ? types() : types;
        Class<? extends PlatformOptions> type = types.get(name);
        parser.nextToken();
        if (type == null) {
          throw context.weirdStringException(name, Options.class, unknown(name, types));
        }
        values.add(context.readValue(parser, type));
      }
      return new Options(values);
    }

    private static String unknown(String name, Map<String, ?> types) {
      int dot = name.indexOf('.');
      String platform = dot < 0 ? name : name.substring(0, dot);
      return "must be named platform.Type, with the module of platform '" + platform
          + "' on the class path; known here are "
          + (types.isEmpty() ? "none" : String.join(", ", types.keySet()));
    }

    private static Map<String, Class<? extends PlatformOptions>> types() {
      ClassLoader context = Thread.currentThread().getContextClassLoader();
      Map<String, Class<? extends PlatformOptions>> types = new LinkedHashMap<>();
      ServiceLoader.load(
              OptionsProvider.class, context != null ? context : Reader.class.getClassLoader())
          .forEach(provider ->
              provider.types().forEach(type -> types.put(key(provider.platform(), type), type)));
      return types;
    }
  }
}
