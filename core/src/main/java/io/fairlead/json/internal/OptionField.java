package io.fairlead.json.internal;

import io.fairlead.grammar.Options;
import io.fairlead.spi.Settings;
import io.fairlead.spi.SettingsType;
import java.lang.reflect.RecordComponent;
import java.lang.reflect.Type;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * A field of a type of options, as {@link TreeReader} reads it.
 *
 * @param required whether it has no default
 */
public record OptionField(String name, Type type, boolean required) {
  /** {@return whether a type is a record or settings, which have fields} */
  public static boolean hasFields(Class<?> type) {
    return type.isRecord() || Settings.class.isAssignableFrom(type);
  }

  /** {@return the fields of a record or of settings} */
  public static List<OptionField> of(Class<?> type) {
    List<OptionField> fields = new ArrayList<>();
    if (type.isRecord()) {
      for (RecordComponent component : type.getRecordComponents()) {
        boolean required =
            component.getType() != Optional.class && component.getType() != Options.class;
        fields.add(new OptionField(component.getName(), component.getGenericType(), required));
      }
    } else {
      SettingsType.of(type)
          .fields()
          .forEach((name, fieldType) -> fields.add(new OptionField(name, fieldType, false)));
    }
    return fields;
  }
}
