package io.fairlead.reconcile;

import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** What is ours on a platform, and what of it is used by what. */
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

  /** {@return what no deployment uses, each before what it uses or belongs to} */
  List<Listed> orphans() {
    return usersFirst(alive());
  }

  /** {@return what was made for a public name or is used by its variants, each before what it uses or belongs to} */
  List<Listed> under(String name) {
    Set<ResourceRef> found = new HashSet<>();
    for (Listed entry : entries.values()) {
      String own = entry.ref().name();
      boolean serves = entry.root() && (own.equals(name) || own.startsWith(name + "/"));
      if (serves || entry.deployment().equals(name)) {
        addWithAllItUses(entry.ref(), found);
      }
    }
    Set<ResourceRef> others = new HashSet<>(entries.keySet());
    others.removeAll(found);
    return usersFirst(others);
  }

  private void addWithAllItUses(ResourceRef ref, Set<ResourceRef> found) {
    Listed entry = entries.get(ref);
    if (entry != null && found.add(ref)) {
      entry.uses().forEach(used -> addWithAllItUses(used, found));
    }
  }

  private List<Listed> usersFirst(Set<ResourceRef> without) {
    List<Listed> ordered = new ArrayList<>();
    Set<ResourceRef> taken = new HashSet<>();
    for (Listed entry : entries.values()) {
      takeAfterItsUsers(entry, without, taken, ordered);
    }
    return ordered;
  }

  private void takeAfterItsUsers(
      Listed entry, Set<ResourceRef> without, Set<ResourceRef> taken, List<Listed> ordered) {
    if (without.contains(entry.ref()) || !taken.add(entry.ref())) {
      return;
    }
    for (Listed other : entries.values()) {
      if (needs(other, entry.ref())) {
        takeAfterItsUsers(other, without, taken, ordered);
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
            && (isLivingRoot(entry) || isNeeded(entry, alive) || isAttached(entry, alive))) {
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

  private static boolean isAttached(Listed entry, Set<ResourceRef> alive) {
    return entry.attachedTo().filter(alive::contains).isPresent();
  }

  private static boolean needs(Listed entry, ResourceRef ref) {
    return entry.uses().contains(ref) || entry.attachedTo().filter(ref::equals).isPresent();
  }
}
