package io.fairlead.stateful.internal;

import io.fairlead.stateful.internal.TrafficSplit.Share;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What serves a name, as of one look at the wrapped platform or one publication. Immutable, but for the turn of the
 * split.
 *
 * @param split the versions that get requests, by their weights
 * @param others the versions that get none unless a request is pinned to them
 * @param servings what the look found
 * @param settled whether an answer that does not name its variant is known to be of the version that was asked; false
 *     while a version replaces another in place
 * @param changes how many publications there were before it
 * @param lookedAtNanos when it was looked at, by the monotonic clock
 */
record VersionTable(
    TrafficSplit split,
    List<Version> others,
    List<Host.Serving> servings,
    boolean settled,
    long changes,
    long lookedAtNanos) {

  VersionTable {
    others = List.copyOf(others);
    servings = List.copyOf(servings);
  }

  /** {@return whether nothing gets requests} */
  boolean isEmpty() {
    return split.shares().isEmpty();
  }

  /** {@return the version of a variant; null if it is not known} */
  @Nullable
  Version of(String variant) {
    for (Version version : all()) {
      if (variant.equals(version.variant())) {
        return version;
      }
    }
    return null;
  }

  /** {@return whether a version serves, or would if a request were pinned to it} */
  boolean serves(Version version) {
    if (split.shares().size() == 1 && split.shares().get(0).version() == version) {
      return true;
    }
    return all().contains(version);
  }

  List<Version> all() {
    List<Version> all = new ArrayList<>(others);
    for (Share share : split.shares()) {
      all.add(share.version());
    }
    return all;
  }

  /** {@return whether the same versions have the same shares, so that the turn of the split goes on} */
  boolean hasSharesOf(List<Share> shares) {
    return split.shares().equals(shares);
  }
}
