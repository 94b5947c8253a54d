package io.fairlead.vertex.standin;

import com.google.protobuf.Descriptors.Descriptor;
import com.google.protobuf.Descriptors.FieldDescriptor;
import com.google.protobuf.Message;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** The fields of messages by name: the SDK's own lookup is a tenth of what each test at each call costs. */
final class Fields {
  private static final Map<Descriptor, Map<String, FieldDescriptor>> KNOWN =
      new ConcurrentHashMap<>();

  private Fields() {}

  /** {@return the field of this name; null if messages of this type have none} */
  static @Nullable FieldDescriptor find(Message message, String name) {
    return KNOWN
        .computeIfAbsent(
            message.getDescriptorForType(),
            type -> type.getFields().stream()
                .collect(
                    Collectors.toUnmodifiableMap(FieldDescriptor::getName, Function.identity())))
        .get(name);
  }
}
