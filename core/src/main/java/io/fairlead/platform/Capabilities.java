package io.fairlead.platform;

import static java.util.Objects.requireNonNull;

import java.util.EnumMap;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;

/**
 * What a platform can and cannot do, known without opening it.
 *
 * <pre>{@code
 * Capabilities.of(EndpointPlatform.class)
 *     .with(Capability.STREAMING, Capability.IMAGE)
 *     .partly(Capability.SCALE_TO_ZERO, "as an inference component")
 *     .without(Capability.UPLOAD, "models are read where they lie")
 * }</pre>
 *
 * <p>The contract of the platform's type tests each: what is claimed is there, and what is not is refused, or named by
 * the warnings of a preview.
 */
public final class Capabilities {
  /** How far a platform has a capability. */
  public enum Level {
    /** It has it. */
    YES,
    /** It has it under a condition, which the note says. */
    PARTLY,
    /** It does not have it: a value that asks for it is refused, or has a warning in the preview. */
    NO,
    /** Its type has no value or operation for it, so that it does not compile. */
    ABSENT
  }

  /**
   * How far a platform has a capability, and a note.
   *
   * @param note the condition, or why it is not there; may be empty
   */
  public record Support(Level level, String note) {
    public Support {
      requireNonNull(level, "level");
      requireNonNull(note, "note");
      if (level == Level.PARTLY && note.isBlank()) {
        throw new IllegalArgumentException("Support.note must be given for PARTLY: the condition");
      }
    }

    /** {@return the support as text, such as {@code partly: as an inference component}} */
    @Override
    public String toString() {
      String word = level.name().toLowerCase(Locale.ROOT);
      return note.isEmpty() ? word : word + ": " + note;
    }
  }

  private static final Support YES = new Support(Level.YES, "");
  private static final Support NO = new Support(Level.NO, "");
  private static final Support ABSENT = new Support(Level.ABSENT, "");

  private final Map<Capability, Support> supports;

  private Capabilities(Map<Capability, Support> supports) {
    this.supports = supports;
  }

  /** {@return the capabilities of a type of platform: its operations, and of the others none} */
  public static Capabilities of(Class<? extends Platform<?>> type) {
    requireNonNull(type, "type");
    Map<Capability, Support> supports = new EnumMap<>(Capability.class);
    for (Capability capability : Capability.values()) {
      boolean applies = capability.appliesTo(type);
      supports.put(capability, applies ? (capability.isOperation() ? YES : NO) : ABSENT);
    }
    return new Capabilities(supports);
  }

  /** {@return these, with more capabilities} */
  public Capabilities with(Capability... more) {
    Capabilities result = this;
    for (Capability capability : more) {
      result = result.with(capability, YES);
    }
    return result;
  }

  /** {@return these, with a capability under a condition} */
  public Capabilities partly(Capability capability, String condition) {
    return with(capability, new Support(Level.PARTLY, condition));
  }

  /** {@return these, without a capability, and why} */
  public Capabilities without(Capability capability, String why) {
    return with(capability, new Support(Level.NO, why));
  }

  private Capabilities with(Capability capability, Support support) {
    if (capability.isOperation() || support(capability).level() == Level.ABSENT) {
      throw new IllegalArgumentException(
          "Capabilities: " + capability + " follows from the type of the platform: leave it out");
    }
    Map<Capability, Support> changed = new EnumMap<>(supports);
    changed.put(capability, support);
    return new Capabilities(changed);
  }

  /** {@return how far the platform has a capability} */
  public Support support(Capability capability) {
    return requireNonNull(supports.get(requireNonNull(capability, "capability")));
  }

  /** {@return whether the platform has a capability without a condition} */
  public boolean has(Capability capability) {
    return support(capability).level() == Level.YES;
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof Capabilities those && supports.equals(those.supports);
  }

  @Override
  public int hashCode() {
    return supports.hashCode();
  }

  /** {@return the capabilities as text, one line for each} */
  @Override
  public String toString() {
    return supports.entrySet().stream()
        .map(entry -> entry.getKey() + " " + entry.getValue())
        .collect(Collectors.joining("\n"));
  }
}
