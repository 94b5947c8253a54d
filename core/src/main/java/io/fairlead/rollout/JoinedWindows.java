package io.fairlead.rollout;

/** Two windows, added up. */
record JoinedWindows(Evidence.Window first, Evidence.Window second) implements Evidence.Window {
  @Override
  public Observations seen() {
    return first.seen().plus(second.seen());
  }

  @Override
  public void close() {
    try (first) {
      second.close();
    }
  }
}
