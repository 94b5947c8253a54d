package io.fairlead.spi;

import static java.util.Objects.requireNonNull;

import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The base of immutable values with many fields, each with a default, such as options and configurations.
 *
 * <p>The fields with their defaults are in a draft, a nested class that is not visible to callers. A {@code with}
 * method changes a copy of it. So a field can be added without breaking callers, which a constructor or a record
 * pattern would. A default never changes, because a field that has it is left out of the JSON.
 *
 * <pre>{@code
 * public final class Probe extends Settings<Probe.Draft> {
 *   public static final Probe DEFAULT = new Probe(new Draft());
 *
 *   static final class Draft extends Settings.Draft {
 *     Optional<Integer> port = Optional.empty();
 *     @Hidden List<String> command = List.of();
 *   }
 *
 *   private Probe(Draft draft) {
 *     super(draft);
 *     Problems.in("Probe").check(...).throwIfAny();
 *   }
 *
 *   public Optional<Integer> port() {
 *     return draft().port;
 *   }
 *
 *   public Probe withPort(int port) {
 *     return new Probe(with(draft -> draft.port = Optional.of(port)));
 *   }
 * }
 * }</pre>
 *
 * <p>No field is null. Lists are copied, and so are maps, sorted by their keys. Equality, the hash code, the text and
 * the JSON come from the draft's fields; for that a named module has to open the package to {@code io.fairlead.core}.
 *
 * @param <D> the draft
 */
public abstract class Settings<D extends Settings.Draft> {
  final D draft;

  /**
   * Takes ownership of a draft, which nothing else may refer to; the subclass validates it.
   *
   * @throws NullPointerException if a field is null; it names the field
   */
  protected Settings(D draft) {
    this.draft = requireNonNull(draft, "draft");
    type().settle(draft);
  }

  /** The fields of a value with their defaults, and nothing else. */
  public abstract static class Draft implements Cloneable {
    protected Draft() {}

    @Override
    protected final Draft clone() {
      try {
        return (Draft) super.clone();
      } catch (CloneNotSupportedException e) {
        throw new AssertionError(e);
      }
    }
  }

  /** {@return the fields, which must not be changed} */
  protected final D draft() {
    return draft;
  }

  /** {@return a changed copy of the fields} */
  @SuppressWarnings("unchecked") // A clone has the class of its original.
  protected final D with(Consumer<D> change) {
    D copy = (D) draft.clone();
    change.accept(copy);
    return copy;
  }

  private SettingsType type() {
    return SettingsType.of(getClass());
  }

  @Override
  public final boolean equals(@Nullable Object other) {
    return this == other
        || (other instanceof Settings<?> that
            && getClass() == that.getClass()
            && type().areEqual(draft, that.draft));
  }

  @Override
  public final int hashCode() {
    return type().hash(draft);
  }

  /** {@return the fields that differ from their defaults, without the values of those that are {@link Hidden}} */
  @Override
  public String toString() {
    return getClass().getSimpleName() + type().shown(draft);
  }
}
