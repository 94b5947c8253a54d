package io.fairlead.stateful.internal.cache;

import org.jspecify.annotations.Nullable;

/** What an eviction policy keeps of an entry, real or simulated. Guarded by the lock of its store. */
abstract class Tracked {
  @Nullable
  Tracked previous;

  @Nullable
  Tracked next;

  int bytes;

  /** The part of the policy that it is in; 0 in a policy of one part. */
  byte segment;

  /** {@return 64 bits of the key's hash} */
  abstract long hash();
}
