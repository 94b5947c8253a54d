package io.fairlead.stateful.internal;

import io.fairlead.grammar.Served;
import io.fairlead.platform.Request;
import io.fairlead.platform.Response;
import io.fairlead.provider.Durations;
import io.fairlead.provider.Sha256;
import io.fairlead.stateful.internal.Host.Serving;
import io.fairlead.stateful.internal.TrafficSplit.Share;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The versions that serve a name on the wrapped platform, and which of them a request goes to.
 *
 * <p>Others may change there what serves, and with which weights. So it is looked at again in intervals while there are
 * requests, and a table that is older than two intervals is not answered by.
 */
final class Versions {
  private static final Logger log = LoggerFactory.getLogger(Versions.class);
  private static final Duration LOOK_LIMIT = Duration.ofMinutes(1);

  private final String name;
  private final Served first;
  private final Host host;
  private final StateClock clock;
  private final Duration refresh;
  /** How long a table may be answered by. */
  private final long validNanos;

  private final Consumer<Version> found;
  /** The versions that were deployed here, by their variants and what is seen of them. */
  private final Map<String, Version> own = new ConcurrentHashMap<>();

  private final AtomicBoolean lookingAside = new AtomicBoolean();
  private final ReentrantLock changing = new ReentrantLock();
  private volatile VersionTable table;
  private volatile boolean used;

  /** After a look that failed, when the next one is due. */
  private volatile long nextLookNanos;

  private volatile LookListener listener = (now, gone, since) -> {};
  private volatile boolean pins = true;
  /** What the owner says of the version beyond what is seen of it. */
  private volatile String stated = "";

  /**
   * Creates an empty table, which the first request or publication fills.
   *
   * @param first what is invoked while nothing is known to serve
   * @param found is told of each version that is not known yet, before it serves
   */
  Versions(
      String name,
      Served first,
      Host host,
      StateClock clock,
      Duration refresh,
      Consumer<Version> found) {
    this.name = name;
    this.first = first;
    this.host = host;
    this.clock = clock;
    this.refresh = refresh;
    this.validNanos = 2 * Durations.nanos(refresh);
    this.found = found;
    this.nextLookNanos = clock.nanos();
    this.table = new VersionTable(
        new TrafficSplit(List.of()),
        List.of(),
        List.of(),
        true,
        0,
        clock.nanos() - Long.MAX_VALUE / 4);
  }

  /**
   * A request with the version that it goes to.
   *
   * @param version the version
   * @param request the request, pinned to the version if requests are divided
   * @param table the table by which it was chosen
   */
  record Choice(Version version, Request request, VersionTable table) {}

  /**
   * {@return the version for a request; null if it is not known which version would answer it}
   *
   * @param nanos the monotonic time now
   */
  @Nullable
  Choice choose(Request request, long nanos) {
    VersionTable now = current(nanos);
    if (now == null || now.isEmpty()) {
      return null;
    }
    if (request.variant().isPresent()) {
      Version pinned = now.of(request.variant().get());
      return pinned == null ? null : new Choice(pinned, request, now);
    }
    if (!now.split().isDivided()) {
      return new Choice(now.split().next(), request, now);
    }
    if (!pins) {
      return null;
    }
    Version next = now.split().next();
    String variant = next.variant();
    return variant == null ? null : new Choice(next, request.pinnedTo(variant), now);
  }

  /** {@return another request to the version of a choice; null if that is not the one that serves any more} */
  @Nullable
  Choice again(Choice before, Request request) {
    VersionTable now = table;
    if (now.changes() != before.table().changes() || !now.all().contains(before.version())) {
      return null;
    }
    String variant = before.version().variant();
    boolean pinned = variant != null && before.request().variant().isPresent();
    return new Choice(
        before.version(), pinned ? request.pinnedTo(String.valueOf(variant)) : request, now);
  }

  /** Notes that the wrapped platform cannot pin requests while they are divided. */
  void cannotPin() {
    pins = false;
  }

  /** {@return whether an answer is known to be of the version that was chosen, as far as it was looked} */
  boolean isOf(Choice choice, Response answer) {
    VersionTable now = table;
    String asked = choice.version().variant();
    if (asked != null && answer.variant().isPresent()) {
      boolean same = asked.equals(answer.variant().get());
      if (!same && !choice.request().variant().isPresent()) {
        expire(now.settled());
      }
      return same && now.serves(choice.version());
    }
    return now.settled()
        && choice.table().settled()
        && now.changes() == choice.table().changes()
        && now.serves(choice.version());
  }

  /**
   * {@return whether nobody replaces the model behind a version's name: its variant was deployed here, under a name that is
   * made of the model}
   */
  boolean isLasting(Version version) {
    return version.variant() != null && own.containsValue(version);
  }

  /** Looks, within a limit, unless all that serves is known by its name. */
  void confirm(Duration limit) {
    if (!table.all().stream().allMatch(this::isLasting)) {
      look(limit);
    }
  }

  /** What is told of each look that succeeded. */
  @FunctionalInterface
  interface LookListener {
    /**
     * Called after a look, or a publication.
     *
     * @param now what serves
     * @param gone versions that served at the look before, and do not any more
     * @param sinceNanos when the look before began, by the monotonic clock
     */
    void looked(VersionTable now, List<Version> gone, long sinceNanos);
  }

  /** Sets who is told of each look that succeeded. */
  void onLook(LookListener newListener) {
    listener = newListener;
  }

  private void tell(VersionTable before, VersionTable now) {
    List<Version> gone = new ArrayList<>(before.all());
    // One that was deployed again is another object with the same digest.
    gone.removeIf(version -> isLasting(version)
        || now.all().stream().anyMatch(there -> there.digest().equals(version.digest())));
    listener.looked(now, gone, before.lookedAtNanos());
  }

  /**
   * After a replacement that failed, finds out what serves; if it cannot be read, requests pass the cache by.
   *
   * @param unsettled what {@link #unsettle} returned; nothing is done if another replacement has begun since
   */
  void settle(long unsettled) {
    changing.lock();
    try {
      if (table.settled() || table.changes() != unsettled) {
        return;
      }
      expire(true);
    } finally {
      changing.unlock();
    }
    look(LOOK_LIMIT);
  }

  /** Lets the next request look: what serves may not be what was expected. */
  private void expire(boolean settled) {
    changing.lock();
    try {
      VersionTable now = table;
      table = new VersionTable(
          now.split(),
          now.others(),
          now.servings(),
          settled,
          now.changes(),
          clock.nanos() - validNanos - 1);
    } finally {
      changing.unlock();
    }
  }

  VersionTable table() {
    return table;
  }

  /** {@return what to invoke for a request that follows the weights on the wrapped platform} */
  Served served() {
    VersionTable now = table;
    return now.isEmpty() ? first : now.split().shares().get(0).version().served();
  }

  /** {@return the version that most requests go to, of whose calls those are that follow the weights; null if none serves} */
  @Nullable
  Version main() {
    Version main = null;
    int most = 0;
    for (Share share : table.split().shares()) {
      if (share.weight() > most) {
        most = share.weight();
        main = share.version();
      }
    }
    return main;
  }

  /** {@return the version that gave an answer; null if that is not known} */
  @Nullable
  Version of(Response answer) {
    VersionTable now = table;
    used = true;
    if (answer.variant().isPresent()) {
      return now.of(answer.variant().get());
    }
    boolean recent = clock.nanos() - now.lookedAtNanos() <= validNanos;
    return recent && now.settled() && now.split().shares().size() == 1
        ? now.split().shares().get(0).version()
        : null;
  }

  // ---- looking ----

  /**
   * {@return the table, unless it is too old to answer by}
   *
   * <p>Then it is looked at aside, and until that is done requests pass the cache by: none waits for a look, however slow
   * the wrapped platform is with it.
   */
  private @Nullable VersionTable current(long nanos) {
    VersionTable now = table;
    if (!used) {
      used = true;
    }
    if (nanos - now.lookedAtNanos() <= validNanos) {
      return now;
    }
    if (nanos - nextLookNanos >= 0 && !lookingAside.getAndSet(true)) {
      clock.soon(() -> {
        try {
          look(LOOK_LIMIT);
        } finally {
          lookingAside.set(false);
        }
      });
      // A clock that does at once what is to be done soon has a new table now.
      VersionTable then = table;
      return clock.nanos() - then.lookedAtNanos() <= validNanos ? then : null;
    }
    return null;
  }

  /** Looks again, if there were requests since the last time; called in intervals. */
  void refresh() {
    if (used && !lookingAside.getAndSet(true)) {
      try {
        used = false;
        look(LOOK_LIMIT);
      } finally {
        lookingAside.set(false);
      }
    }
  }

  /** Looks at what serves; requests pass the cache by while it cannot be read for long. */
  void look(Duration limit) {
    VersionTable before = table;
    long begin = clock.nanos();
    List<Serving> servings;
    try {
      servings = host.look(name, before.servings(), limit);
    } catch (RuntimeException e) {
      nextLookNanos = clock.nanos() + refresh.toNanos();
      log.warn("What serves {} on {} cannot be read: {}", name, host.id(), e.toString());
      return;
    }
    VersionTable now;
    changing.lock();
    try {
      // What was published or looked at meanwhile is newer than what was read.
      if (table.changes() != before.changes()
          || !before.settled()
          || begin - table.lookedAtNanos() < 0) {
        return;
      }
      before = table;
      now = tableOf(servings, before.changes(), begin);
      table = now;
    } finally {
      changing.unlock();
    }
    tell(before, now);
  }

  private VersionTable tableOf(List<Serving> servings, long changes, long lookedAt) {
    VersionTable before = table;
    List<Share> shares = new ArrayList<>();
    List<Version> others = new ArrayList<>();
    for (Serving serving : servings) {
      Version version = version(before, serving);
      if (serving.weight() > 0) {
        shares.add(new Share(version, serving.weight()));
      } else {
        others.add(version);
      }
    }
    TrafficSplit split = before.hasSharesOf(shares) ? before.split() : new TrafficSplit(shares);
    return new VersionTable(split, others, servings, true, changes, lookedAt);
  }

  private Version version(VersionTable before, Serving serving) {
    Version deployedHere = own.get(identity(serving));
    if (deployedHere != null) {
      return deployedHere;
    }
    String digest = Sha256.of((stated + "\n" + identity(serving)).getBytes(StandardCharsets.UTF_8));
    for (Version known : before.all()) {
      if (known.digest().equals(digest)) {
        return known;
      }
    }
    Version version = new Version(serving.served(), serving.variant(), digest);
    found.accept(version);
    return version;
  }

  private static String identity(Serving serving) {
    return serving.variant() + "\n" + serving.fingerprint();
  }

  // ---- changing ----

  /** Says that what is seen so is a version that was deployed here. */
  void own(Serving serving, Version version) {
    own.put(identity(serving), version);
  }

  /**
   * Says that from now on, until the next publication, a version replaces another in place.
   *
   * @return what {@link #settle} takes, should the replacement fail
   */
  long unsettle() {
    changing.lock();
    try {
      VersionTable now = table;
      table = new VersionTable(
          now.split(), now.others(), now.servings(), false, now.changes() + 1, now.lookedAtNanos());
      return now.changes() + 1;
    } finally {
      changing.unlock();
    }
  }

  /**
   * Answers by what was looked at from now on.
   *
   * @param servings what serves
   * @param lookedAtNanos when the look that found it began, by the monotonic clock
   * @param newStated what the owner says of the versions beyond what is seen of them
   */
  void publish(List<Serving> servings, long lookedAtNanos, String newStated) {
    VersionTable before;
    VersionTable now;
    changing.lock();
    try {
      stated = newStated;
      before = table;
      now = tableOf(servings, before.changes() + 1, lookedAtNanos);
      table = now;
      own.values().retainAll(now.all());
    } finally {
      changing.unlock();
    }
    tell(before, now);
  }
}
