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

/** The managed resources of a platform, and which of them uses which. */
final class Inventory {
  private final Map<ResourceRef, Listed> entries = new LinkedHashMap<>();

  Inventory(Collection<Listed> listed) {
    listed.forEach(entry -> entries.put(entry.ref(), entry));
  }

  Collection<Listed> entries() {
    return entries.values();
  }

  /** {@return the users of a resource, without those that are to be deleted} */
  List<ResourceRef> usersOf(ResourceRef ref, Set<ResourceRef> toDelete) {
    return entries.values().stream()
        .filter(entry -> entry.status() != Observed.Status.DELETING)
        .filter(entry -> entry.uses().contains(ref) && !toDelete.contains(entry.ref()))
        .map(Listed::ref)
        .toList();
  }

  boolean contains(ResourceRef ref) {
    return entries.containsKey(ref);
  }

  /** {@return the resources that no deployment uses, in the order of deletion} */
  List<Listed> orphans() {
    Set<ResourceRef> live = live();
    return inRemovalOrder(entry -> !live.contains(entry.ref()));
  }

  /**
   * {@return the resources that were created for a public name or are used by its variants, in the order of deletion}
   */
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
   * {@return the resources that are deleted with one variant of a public name, in the order of deletion: those that
   * serve under the variant's name, of any kind, with their parts and all that they use; and those that the name
   * remembers of interrupted removals}
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
   * {@return the chosen entries, each after those that use it, are parts of it, or are remembered by it}
   *
   * <p>Roots come first, in the order in which their kind lists them.
   */
  private List<Listed> inRemovalOrder(Predicate<Listed> chosen) {
    Set<ResourceRef> open = new LinkedHashSet<>();
    Stream.of(true, false)
        .flatMap(root -> entries.values().stream().filter(entry -> entry.root() == root))
        .filter(chosen)
        .forEach(entry -> open.add(entry.ref()));
    List<Listed> ordered = new ArrayList<>();
    for (ResourceRef ref : List.copyOf(open)) {
      addAfterDependents(requireNonNull(entries.get(ref)), open, ordered);
    }
    return ordered;
  }

  private void addAfterDependents(Listed entry, Set<ResourceRef> open, List<Listed> ordered) {
    if (!open.remove(entry.ref())) {
      return;
    }
    for (Listed other : entries.values()) {
      if (isDeletedBefore(other, entry)) {
        addAfterDependents(other, open, ordered);
      }
    }
    ordered.add(entry);
  }

  private Set<ResourceRef> live() {
    Set<ResourceRef> live = new HashSet<>();
    boolean grew = true;
    while (grew) {
      grew = false;
      for (Listed entry : entries.values()) {
        if (!live.contains(entry.ref())
            && (isLiveRoot(entry) || isNeeded(entry, live) || isPartOf(entry, live))) {
          grew |= live.add(entry.ref());
        }
      }
    }
    return live;
  }

  private static boolean isLiveRoot(Listed entry) {
    return entry.root() && entry.status() != Observed.Status.FAILED;
  }

  private boolean isNeeded(Listed entry, Set<ResourceRef> live) {
    return entries.values().stream()
        .anyMatch(other -> live.contains(other.ref()) && other.uses().contains(entry.ref()));
  }

  private static boolean isPartOf(Listed entry, Set<ResourceRef> live) {
    return entry.ownedBy().filter(live::contains).isPresent();
  }

  private static boolean isDeletedBefore(Listed first, Listed second) {
    return first.uses().contains(second.ref())
        || first.ownedBy().filter(second.ref()::equals).isPresent()
        || second.remembers().contains(first.ref());
  }
}
