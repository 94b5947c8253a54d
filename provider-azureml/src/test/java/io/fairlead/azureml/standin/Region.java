package io.fairlead.azureml.standin;

import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CopyOnWriteArrayList;

/** A region, in which an endpoint's name is unique. */
final class Region {
  private final CopyOnWriteArrayList<Workspace> workspaces = new CopyOnWriteArrayList<>();

  void add(Workspace workspace) {
    workspaces.add(workspace);
  }

  void remove(Workspace workspace) {
    workspaces.remove(workspace);
  }

  /** {@return the names of the endpoints in all other workspaces} */
  Set<String> namesApartFrom(Workspace workspace) {
    Set<String> names = new TreeSet<>();
    for (Workspace other : workspaces) {
      if (other != workspace) {
        names.addAll(other.endpointNames());
      }
    }
    return names;
  }
}
