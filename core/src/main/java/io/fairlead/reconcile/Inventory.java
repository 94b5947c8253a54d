package io.fairlead.reconcile;

import static java.util.Objects.requireNonNull;

import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Predicate;
import java.util.stream.Stream;

/** What is managed on a platform, and what of it is used by what. */
final class Inventory {
  private final Map<ResourceRef, Listed> entries = new LinkedHashMap<>();

  Inventory(Collection<Listed> listed) {
    listed.forEach(entry -> entries.put(entry.ref(), entry));
  }

  Collection<Listed> entries() {
    return entries.values();
  }

  /** {@return what uses a resource, without those that are about to go} */
  List<ResourceRef> usersOf(ResourceRef ref, Set<ResourceRef> going) {
    return entries.values().stream()
        .filter(entry -> entry.status() != Observed.Status.DELETING)
        .filter(entry -> entry.uses().contains(ref) && !going.contains(entry.ref()))
        .map(Listed::ref)
        .toList();
  }

  boolean contains(ResourceRef ref) {
    return entries.containsKey(ref);
  }

  /** {@return what no deployment uses, in the order in which it goes} */
  List<Listed> orphans() {
    Set<ResourceRef> alive = alive();
    return inRemovalOrder(entry -> !alive.contains(entry.ref()));
  }

  /** {@return what was made for a public name or is used by its variants, in the order in which it goes} */
  List<Listed> under(String name) {
    Set<ResourceRef> found = new HashSet<>();
    for (Listed entry : entries.values()) {
      String own = entry.ref().name();
      boolean serves = entry.root() && (own.equals(name) || own.startsWith(name + "/"));
      if (serves || entry.deployment().equals(name)) {
        addWithDependencies(entry.ref(), found);
      }
    }
    return inRemovalOrder(entry -> found.contains(entry.ref()));
  }

  /**
   * {@return what goes with one variant of a public name, in the order in which it goes: what serves under the variant's
   * name, whatever its kind, with its parts and all that it uses; and what the name remembers of removals that were cut
   * off}
   */
  List<Listed> ofVariant(String name, String variant) {
    Set<ResourceRef> found = new HashSet<>();
    for (Listed entry : entries.values()) {
      boolean serves = entry.root() && entry.ref().name().equals(variant);
      boolean carriesTheName =
          entry.deployment().equals(name) && !entry.remembers().isEmpty();
      if (serves || carriesTheName) {
        addWithDependencies(entry.ref(), found);
      }
    }
    for (Listed entry : entries.values()) {
      entry.ownedBy().filter(found::contains).ifPresent(owner -> found.add(entry.ref()));
    }
    return inRemovalOrder(entry -> found.contains(entry.ref()));
  }

  private void addWithDependencies(ResourceRef ref, Set<ResourceRef> found) {
    Listed entry = entries.get(ref);
    if (entry != null && found.add(ref)) {
      entry.uses().forEach(used -> addWithDependencies(used, found));
      entry.remembers().forEach(used -> addWithDependencies(used, found));
    }
  }

  /**
   * {@return the entries that are chosen, each after what uses it, is a part of it or is remembered by it}
   *
   * <p>What serves requests comes first, in the order in which its kind lists it.
   */
  private List<Listed> inRemovalOrder(Predicate<Listed> chosen) {
    Set<ResourceRef> open = new LinkedHashSet<>();
    Stream.of(true, false)
        .flatMap(root -> entries.values().stream().filter(entry -> entry.root() == root))
        .filter(chosen)
        .forEach(entry -> open.add(entry.ref()));
    List<Listed> ordered = new ArrayList<>();
    for (ResourceRef ref : List.copyOf(open)) {
      takeAfterThoseBefore(requireNonNull(entries.get(ref)), open, ordered);
    }
    return ordered;
  }

  private void takeAfterThoseBefore(Listed entry, Set<ResourceRef> open, List<Listed> ordered) {
    if (!open.remove(entry.ref())) {
      return;
    }
    for (Listed other : entries.values()) {
      if (goesBefore(other, entry)) {
        takeAfterThoseBefore(other, open, ordered);
      }
    }
    ordered.add(entry);
  }

  private Set<ResourceRef> alive() {
    Set<ResourceRef> alive = new HashSet<>();
    boolean grew = true;
    while (grew) {
      grew = false;
      for (Listed entry : entries.values()) {
        if (!alive.contains(entry.ref())
            && (isLivingRoot(entry) || isNeeded(entry, alive) || isPartOf(entry, alive))) {
          grew |= alive.add(entry.ref());
        }
      }
    }
    return alive;
  }

  private static boolean isLivingRoot(Listed entry) {
    return entry.root() && entry.status() != Observed.Status.FAILED;
  }

  private boolean isNeeded(Listed entry, Set<ResourceRef> alive) {
    return entries.values().stream()
        .anyMatch(other -> alive.contains(other.ref()) && other.uses().contains(entry.ref()));
  }

  private static boolean isPartOf(Listed entry, Set<ResourceRef> alive) {
    return entry.ownedBy().filter(alive::contains).isPresent();
  }

  private static boolean goesBefore(Listed first, Listed second) {
    return first.uses().contains(second.ref())
        || first.ownedBy().filter(second.ref()::equals).isPresent()
        || second.remembers().contains(first.ref());
  }
}
