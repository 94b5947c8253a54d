package io.fairlead.operation;

import static java.util.Objects.requireNonNull;

import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * The changes that an operation would make, found by read-only calls.
 *
 * @param changes the change of each resource, in the order in which they would be made
 * @param warnings what the platform ignores or does differently than the values say, one sentence each
 */
public record Plan(List<Change> changes, List<String> warnings) {
  /** Nothing to do. */
  public static final Plan EMPTY = new Plan(List.of(), List.of());

  /** The action that an operation would take on a resource. */
  public enum Action {
    /** None: it exists as desired. */
    KEEP,
    /** It would be created. */
    CREATE,
    /** It would be updated in place. */
    UPDATE,
    /** It failed earlier; it would be deleted and created again. */
    REPLACE,
    /** It would be deleted. */
    DELETE,
    /** Unknown, because the platform could not be read; the detail says why. */
    UNKNOWN,
    /** None: the operation would be refused at this resource; the detail says why. */
    REFUSE
  }

  /**
   * The change of one resource.
   *
   * @param resource its kind and name, such as {@code endpoint bert}
   * @param action the action
   * @param details the fields that would change, or the reason; may be empty
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

  /**
   * {@return this plan followed by another, without the KEEPs of resources that this plan has already, and without the
   * UNKNOWNs of those that are unknown in it}
   */
  public Plan then(Plan next) {
    Set<String> known = changes.stream().map(Change::resource).collect(Collectors.toSet());
    Set<String> unknown = changes.stream()
        .filter(change -> change.action() == Action.UNKNOWN)
        .map(Change::resource)
        .collect(Collectors.toSet());
    Stream<Change> news = next.changes.stream().filter(change -> switch (change.action()) {
      case KEEP -> !known.contains(change.resource());
      case UNKNOWN -> !unknown.contains(change.resource());
      default -> true;
    });
    return new Plan(
        Stream.concat(changes.stream(), news).toList(),
        Stream.concat(warnings.stream(), next.warnings.stream()).distinct().toList());
  }

  /** {@return the plan as text, one line for each change and each warning} */
  @Override
  public String toString() {
    String lines = changes.stream().map(Change::toString).collect(Collectors.joining("\n"));
    String warned =
        warnings.stream().map(warning -> "\nwarning: " + warning).collect(Collectors.joining());
    return (changes.isEmpty() ? "nothing to do" : lines) + warned;
  }
}
