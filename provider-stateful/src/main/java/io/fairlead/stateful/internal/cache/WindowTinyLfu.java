package io.fairlead.stateful.internal.cache;

import static java.util.Objects.requireNonNull;

import java.util.function.Consumer;

/**
 * The eviction policy W-TinyLFU with a window of any share, up to 100 %, with which it is LRU.
 *
 * <p>New entries are in a window by least recent use. What leaves the window competes with what main would evict next, by
 * a sketch of frequencies. Main is a segmented LRU: entries that are used on probation become protected. After Einziger,
 * Friedman, Manes: TinyLFU: A Highly Efficient Cache Admission Policy, 2017. Not safe for concurrent use.
 */
final class WindowTinyLfu {
  private static final byte WINDOW = 0;
  private static final byte PROBATION = 1;
  private static final byte PROTECTED = 2;

  /** The share of main that is protected. */
  private static final double PROTECTED_SHARE = 0.8;

  /** The most entries that one use moves between the parts, so that a change of the share delays nobody. */
  private static final int MOST_MOVES = 8;

  private final FrequencySketch sketch;
  private final UseOrder window = new UseOrder();
  private final UseOrder probation = new UseOrder();
  private final UseOrder protectedOnes = new UseOrder();
  private long maximum;
  private double share;
  private long windowMaximum;
  private long protectedMaximum;
  private boolean isShrinking;

  /**
   * Creates an empty policy.
   *
   * @param sketch the frequencies of keys, which the owner counts
   * @param maximum the most bytes of the entries
   * @param share the part of them that is the window
   */
  WindowTinyLfu(FrequencySketch sketch, long maximum, double share) {
    this.sketch = sketch;
    this.maximum = maximum;
    this.share = share;
    divide();
  }

  double share() {
    return share;
  }

  /** Changes the share. Entries move later, a few with each use. */
  void share(double newShare) {
    isShrinking = newShare < share;
    share = newShare;
    divide();
  }

  long maximum() {
    return maximum;
  }

  void maximum(long newMaximum) {
    maximum = newMaximum;
    divide();
  }

  private void divide() {
    windowMaximum = Math.round(maximum * share);
    protectedMaximum = Math.round((maximum - windowMaximum) * PROTECTED_SHARE);
  }

  long bytes() {
    return window.bytes() + probation.bytes() + protectedOnes.bytes();
  }

  void added(Tracked entry) {
    move(entry, WINDOW);
    rebalance();
  }

  void used(Tracked entry) {
    if (entry.segment == WINDOW) {
      window.renew(entry);
    } else {
      removed(entry);
      move(entry, windowMaximum == maximum ? WINDOW : PROTECTED);
    }
    rebalance();
  }

  void resized(Tracked entry, int difference) {
    order(entry.segment).resized(difference);
  }

  void removed(Tracked entry) {
    order(entry.segment).remove(entry);
  }

  private void move(Tracked entry, byte segment) {
    entry.segment = segment;
    order(segment).add(entry);
  }

  private UseOrder order(byte segment) {
    return switch (segment) {
      case WINDOW -> window;
      case PROBATION -> probation;
      default -> protectedOnes;
    };
  }

  /** {@return the entry to evict when there is one too many} */
  Tracked victim() {
    Tracked victim = probation.oldest() == null ? protectedOnes.oldest() : probation.oldest();
    Tracked candidate = window.oldest();
    if (victim == null) {
      return requireNonNull(candidate);
    }
    if (candidate == null || window.bytes() <= windowMaximum) {
      return victim;
    }
    if (sketch.frequency(candidate.hash()) > sketch.frequency(victim.hash())) {
      window.remove(candidate);
      move(candidate, PROBATION);
      return victim;
    }
    return candidate;
  }

  private void rebalance() {
    boolean isFull = bytes() > maximum;
    for (int i = 0; i < MOST_MOVES; i++) {
      Tracked oldest = window.oldest();
      // When it is full, the last one too many is left in the window, to compete.
      if (oldest == null || window.bytes() - (isFull ? oldest.bytes : 0) <= windowMaximum) {
        break;
      }
      window.remove(oldest);
      // Had the window been small, what was used again would be protected by now.
      move(oldest, isShrinking && sketch.frequency(oldest.hash()) > 1 ? PROTECTED : PROBATION);
    }
    isShrinking &= window.bytes() > windowMaximum;
    for (int i = 0; i < MOST_MOVES && protectedOnes.bytes() > protectedMaximum; i++) {
      Tracked oldest = requireNonNull(protectedOnes.oldest());
      protectedOnes.remove(oldest);
      move(oldest, PROBATION);
    }
  }

  /**
   * Passes each entry on, the likeliest of the next uses first, as far as the order of past ones tells: in the window the
   * last used, and in main, which has a large share when keys are used in turns, the one whose turn was the longest ago.
   */
  void forEach(Consumer<? super Tracked> action) {
    window.newestFirst(action);
    probation.oldestFirst(action);
    protectedOnes.oldestFirst(action);
  }
}
