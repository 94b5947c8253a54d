package io.fairlead.reconcile;

import io.fairlead.provider.TimeSource;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.locks.LockSupport;

/**
 * Lets several processes run one call at a time, in an order that a seed decides, on one clock that nobody waits for.
 *
 * <p>A player gives its turn away before each call and while it pauses. When all pause, time passes until the first of
 * them wakes. Whoever has the turn is alone at all that is kept here, so that only the turn itself is guarded.
 */
final class Turns implements TimeSource {
  private static final ExecutorService THREADS = Executors.newCachedThreadPool(task -> {
    Thread thread = new Thread(task, "player");
    thread.setDaemon(true);
    return thread;
  });

  private final Random random;
  private final List<Player> players = new ArrayList<>();
  private Duration elapsed;
  private volatile Player turn;

  private static final class Player {
    volatile Thread thread;
    Duration wakesAt = Duration.ZERO;
    boolean ended;
    Throwable failure;
  }

  Turns(long seed) {
    this(seed, Duration.ofDays(1));
  }

  /** Makes a clock that stands as another does. */
  Turns(long seed, Duration elapsed) {
    this.random = new Random(seed);
    this.elapsed = elapsed;
  }

  /** Runs players to their ends, and returns what each threw, or null. */
  List<Throwable> run(Runnable... tasks) throws InterruptedException {
    List<Callable<Object>> lives = new ArrayList<>();
    for (Runnable task : tasks) {
      Player player = new Player();
      players.add(player);
      lives.add(Executors.callable(() -> live(player, task)));
    }
    passTurn();
    THREADS.invokeAll(lives);
    List<Throwable> failures = new ArrayList<>();
    players.forEach(player -> failures.add(player.failure));
    return failures;
  }

  private void live(Player player, Runnable task) {
    player.thread = Thread.currentThread();
    awaitTurn(player);
    try {
      task.run();
    } catch (RuntimeException | Error e) {
      player.failure = e;
    }
    player.ended = true;
    passTurn();
  }

  /** Gives the turn away; called before each call. */
  void giveWay() {
    Player me = turn;
    if (me != null && me.thread == Thread.currentThread()) {
      passTurn();
      awaitTurn(me);
    }
  }

  private void awaitTurn(Player me) {
    while (turn != me) {
      LockSupport.park(this);
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
    Player next = awake.isEmpty() ? null : awake.get(random.nextInt(awake.size()));
    boolean stays = next == turn;
    turn = next;
    if (next != null && !stays) {
      LockSupport.unpark(next.thread);
    }
  }

  @Override
  public void pause(Duration duration) {
    Player me = turn;
    if (me == null || me.thread != Thread.currentThread()) {
      elapsed = elapsed.plus(duration);
      return;
    }
    me.wakesAt = elapsed.plus(duration);
    passTurn();
    awaitTurn(me);
  }

  @Override
  public Duration elapsed() {
    return elapsed;
  }

  @Override
  public Instant now() {
    return Instant.EPOCH.plus(elapsed());
  }
}
