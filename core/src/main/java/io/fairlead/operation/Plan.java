package io.fairlead.operation;

import static java.util.Objects.requireNonNull;

import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * What an operation would do, found by reading only.
 *
 * @param changes what would happen to each resource, in order
 * @param warnings what the platform ignores or has to do otherwise than the values say, one sentence each
 */
public record Plan(List<Change> changes, List<String> warnings) {
  /** Nothing to do. */
  public static final Plan EMPTY = new Plan(List.of(), List.of());

  /** What would happen to a resource. */
  public enum Action {
    /** It is there as it should be. */
    KEEP,
    /** It would be made. */
    CREATE,
    /** It would be changed in place. */
    UPDATE,
    /** It failed earlier; it would be deleted and made again. */
    REPLACE,
    /** It would be deleted. */
    DELETE,
    /** The platform could not be read, so it is not known; the detail says why. */
    UNKNOWN,
    /** The operation would be refused here; the detail says why. */
    REFUSE
  }

  /**
   * What would happen to one resource.
   *
   * @param resource what it is about, such as {@code endpoint bert}
   * @param action what would happen
   * @param details the fields that would change, or why; may be empty
   */
  public record Change(String resource, Action action, List<String> details) {
    public Change {
      requireNonNull(resource, "resource");
      requireNonNull(action, "action");
      details = List.copyOf(details);
    }

    @Override
    public String toString() {
      String line = action.name().toLowerCase(Locale.ROOT) + " " + resource;
      return details.isEmpty() ? line : line + " (" + String.join(", ", details) + ")";
    }
  }

  public Plan {
    changes = List.copyOf(changes);
    warnings = List.copyOf(warnings);
  }

  /** {@return whether nothing would be changed} */
  public boolean isEmpty() {
    return changes.stream().allMatch(change -> change.action() == Action.KEEP);
  }

  /** {@return this plan followed by another, whose KEEPs of what is listed already are left out} */
  public Plan then(Plan next) {
    Set<String> known = changes.stream().map(Change::resource).collect(Collectors.toSet());
    Stream<Change> news = next.changes.stream()
        .filter(change -> change.action() != Action.KEEP || !known.contains(change.resource()));
    return new Plan(
        Stream.concat(changes.stream(), news).toList(),
        Stream.concat(warnings.stream(), next.warnings.stream()).distinct().toList());
  }

  /** {@return the plan as lines for people} */
  @Override
  public String toString() {
    String lines = changes.stream().map(Change::toString).collect(Collectors.joining("\n"));
    String warned =
        warnings.stream().map(warning -> "\nwarning: " + warning).collect(Collectors.joining());
    return (changes.isEmpty() ? "nothing to do" : lines) + warned;
  }
}
