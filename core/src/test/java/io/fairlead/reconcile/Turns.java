package io.fairlead.reconcile;

import io.fairlead.provider.TimeSource;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/**
 * Lets several processes run one call at a time, in an order that a seed decides, on one clock that nobody waits for.
 *
 * <p>A player gives its turn away before each call and while it pauses. When all pause, time passes until the first of
 * them wakes.
 */
final class Turns implements TimeSource {
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition changed = lock.newCondition();
  private final Random random;
  private final List<Player> players = new ArrayList<>();
  private Duration elapsed = Duration.ofDays(1);
  private Player turn;

  private static final class Player {
    Thread thread;
    Duration wakesAt = Duration.ZERO;
    boolean ended;
    Throwable failure;
  }

  Turns(long seed) {
    this.random = new Random(seed);
  }

  /** Runs players to their ends, and returns what each threw, or null. */
  List<Throwable> run(Runnable... tasks) throws InterruptedException {
    lock.lock();
    try {
      for (Runnable task : tasks) {
        Player player = new Player();
        player.thread = new Thread(() -> live(player, task), "player-" + players.size());
        players.add(player);
      }
      passTurn();
      players.forEach(player -> player.thread.start());
    } finally {
      lock.unlock();
    }
    List<Throwable> failures = new ArrayList<>();
    for (Player player : players) {
      player.thread.join();
      failures.add(player.failure);
    }
    return failures;
  }

  private void live(Player player, Runnable task) {
    lock.lock();
    try {
      awaitTurn(player);
    } finally {
      lock.unlock();
    }
    try {
      task.run();
    } catch (RuntimeException | Error e) {
      player.failure = e;
    }
    lock.lock();
    try {
      player.ended = true;
      passTurn();
    } finally {
      lock.unlock();
    }
  }

  /** Gives the turn away; called before each call. */
  void giveWay() {
    lock.lock();
    try {
      Player me = turn;
      if (me != null && me.thread == Thread.currentThread()) {
        passTurn();
        awaitTurn(me);
      }
    } finally {
      lock.unlock();
    }
  }

  private void awaitTurn(Player me) {
    while (turn != me) {
      changed.awaitUninterruptibly();
    }
  }

  private void passTurn() {
    List<Player> awake = new ArrayList<>();
    Duration firstWake = null;
    for (Player player : players) {
      if (!player.ended && player.wakesAt.compareTo(elapsed) <= 0) {
        awake.add(player);
      } else if (!player.ended && (firstWake == null || player.wakesAt.compareTo(firstWake) < 0)) {
        firstWake = player.wakesAt;
      }
    }
    if (awake.isEmpty() && firstWake != null) {
      elapsed = firstWake;
      passTurn();
      return;
    }
    turn = awake.isEmpty() ? null : awake.get(random.nextInt(awake.size()));
    changed.signalAll();
  }

  @Override
  public void pause(Duration duration) {
    lock.lock();
    try {
      Player me = turn;
      if (me == null || me.thread != Thread.currentThread()) {
        elapsed = elapsed.plus(duration);
        return;
      }
      me.wakesAt = elapsed.plus(duration);
      passTurn();
      awaitTurn(me);
    } finally {
      lock.unlock();
    }
  }

  @Override
  public Duration elapsed() {
    lock.lock();
    try {
      return elapsed;
    } finally {
      lock.unlock();
    }
  }

  @Override
  public Instant now() {
    return Instant.EPOCH.plus(elapsed());
  }
}
