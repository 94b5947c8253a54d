package io.fairlead.rollout;

/** Two windows, added up; of one that cannot be read, what was seen last. */
final class JoinedWindows implements Evidence.Window {
  private final Evidence.Window first;
  private final Evidence.Window second;
  private Observations firstSeen = Observations.NONE;
  private Observations secondSeen = Observations.NONE;

  JoinedWindows(Evidence.Window first, Evidence.Window second) {
    this.first = first;
    this.second = second;
  }

  @Override
  public Observations seen() {
    RuntimeException failure = null;
    try {
      firstSeen = first.seen();
    } catch (RuntimeException e) {
      failure = e;
    }
    try {
      secondSeen = second.seen();
    } catch (RuntimeException e) {
      if (failure != null) {
        e.addSuppressed(failure);
        throw e;
      }
    }
    return firstSeen.plus(secondSeen);
  }

  @Override
  public void close() {
    try (first) {
      second.close();
    }
  }
}
