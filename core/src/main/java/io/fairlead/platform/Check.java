package io.fairlead.platform;

import io.fairlead.error.ErrorKind;
import io.fairlead.error.ServingException;
import io.fairlead.grammar.InvalidValueException;
import io.fairlead.grammar.Problem;
import io.fairlead.platform.PlatformCheck.Finding;
import io.fairlead.platform.PlatformCheck.Question;
import io.fairlead.platform.PlatformCheck.Result;
import io.fairlead.provider.Deadline;
import io.fairlead.provider.TimeSource;
import io.fairlead.spi.PlatformConfig;
import io.fairlead.spi.PlatformProvider;
import io.fairlead.spi.Reachable;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** A check of one platform, on a thread of its own, so that it ends in time whatever the platform does. */
final class Check {
  private static final String UNREACHABLE =
      "Check the network, its proxy, and the platform's settings for where it is.";

  private final String id;
  private final Supplier<PlatformProvider<?>> provider;
  private final Supplier<PlatformConfig> config;
  private final ReentrantLock lock = new ReentrantLock();
  private final List<Finding> findings = new ArrayList<>();
  private boolean over;

  Check(String id, Supplier<PlatformProvider<?>> provider, Supplier<PlatformConfig> config) {
    this.id = id;
    this.provider = provider;
    this.config = config;
  }

  PlatformCheck within(Duration limit) {
    Deadline deadline = Deadline.after(limit, TimeSource.system());
    CountDownLatch ended = new CountDownLatch(1);
    Thread thread = new Thread(
        () -> {
          try {
            ask(deadline);
          } finally {
            ended.countDown();
          }
        },
        "fairlead-check-" + id);
    thread.setDaemon(true);
    thread.setContextClassLoader(Thread.currentThread().getContextClassLoader());
    thread.start();
    try {
      if (!ended.await(deadline.left().toNanos(), TimeUnit.NANOSECONDS)) {
        // First: what an interrupted platform answers is no finding.
        over();
        thread.interrupt();
      }
    } catch (InterruptedException e) {
      thread.interrupt();
      Thread.currentThread().interrupt();
      throw new ServingException(
          id, ErrorKind.CANCELLED, "The check of platform '" + id + "' was interrupted.", e);
    }
    return result(limit);
  }

  private PlatformCheck result(Duration limit) {
    lock.lock();
    try {
      over = true;
      List<Finding> all = new ArrayList<>(findings);
      Set<Question> asked = findings.stream().map(Finding::question).collect(Collectors.toSet());
      boolean failed = all.stream().anyMatch(finding -> finding.result() == Result.NO);
      for (Question question : Question.values()) {
        if (!asked.contains(question)) {
          all.add(
              failed
                  ? finding(question, Result.NOT_ASKED)
                  : finding(
                      question,
                      Result.NO,
                      "There was no answer within " + shown(limit) + ". " + UNREACHABLE));
          failed = true;
        }
      }
      return new PlatformCheck(id, all);
    } finally {
      lock.unlock();
    }
  }

  private static String shown(Duration limit) {
    return limit.toMillis() % 1000 == 0 ? limit.toSeconds() + " s" : limit.toMillis() + " ms";
  }

  // ---- on the check's own thread ----

  private void ask(Deadline deadline) {
    PlatformProvider<?> found;
    try {
      found = provider.get();
    } catch (RuntimeException e) {
      add(finding(Question.MODULE, Result.NO, sentence(e)));
      return;
    }
    try (Platform<?> platform = open(found)) {
      if (platform instanceof Reachable reachable) {
        boolean goOn = asked(Question.CREDENTIALS, deadline, reachable::credentials);
        if (goOn) {
          asked(Question.ANSWER, deadline, reachable::reach);
        }
      } else if (platform != null) {
        add(finding(Question.CREDENTIALS, Result.NOT_NEEDED));
        add(finding(Question.ANSWER, Result.NOT_NEEDED));
      }
    } catch (RuntimeException | LinkageError e) {
      // Of closing: what was found stands.
      over();
    }
  }

  /** {@return the platform; null if it cannot be opened, which is a finding then} */
  private @Nullable Platform<?> open(PlatformProvider<?> found) {
    Finding module = finding(Question.MODULE, Result.YES, found.getClass().getName());
    try {
      Platform<?> platform = found.open(config.get());
      add(module);
      add(finding(Question.SETTINGS, Result.YES));
      return platform;
    } catch (LinkageError e) {
      add(finding(Question.MODULE, Result.NO, Platforms.unlinked(id, e)));
    } catch (InvalidValueException e) {
      add(module);
      add(new Finding(
          Question.SETTINGS,
          Result.NO,
          e.problems().stream().map(Problem::toString).toList(),
          Optional.empty()));
    } catch (RuntimeException e) {
      add(module);
      add(finding(Question.SETTINGS, Result.NO, sentence(e)));
    }
    return null;
  }

  /** {@return whether the answer is not a no} */
  private boolean asked(
      Question question, Deadline deadline, Function<Duration, Optional<String>> ask) {
    long began = System.nanoTime();
    try {
      Optional<String> answer = ask.apply(deadline.left());
      Optional<Duration> took = question == Question.ANSWER && answer.isPresent()
          ? Optional.of(Duration.ofNanos(System.nanoTime() - began))
          : Optional.empty();
      return add(new Finding(
          question,
          answer.isPresent() ? Result.YES : Result.NOT_NEEDED,
          answer.stream().toList(),
          took));
    } catch (LinkageError e) {
      add(finding(question, Result.NO, Platforms.unlinked(id, e)));
    } catch (RuntimeException e) {
      add(finding(question, Result.NO, sentence(e)));
    }
    return false;
  }

  private boolean add(Finding finding) {
    lock.lock();
    try {
      if (!over) {
        findings.add(finding);
      }
      return !over;
    } finally {
      lock.unlock();
    }
  }

  private void over() {
    lock.lock();
    try {
      over = true;
    } finally {
      lock.unlock();
    }
  }

  private static Finding finding(Question question, Result result, String... details) {
    return new Finding(question, result, List.of(details), Optional.empty());
  }

  /** {@return what failed, and what to do where the failure of a call cannot know it} */
  private static String sentence(RuntimeException e) {
    String message =
        e.getMessage() == null || !(e instanceof ServingException) ? e.toString() : e.getMessage();
    boolean isUnreachable = e instanceof ServingException failure
        && (failure.kind() == ErrorKind.UNAVAILABLE || failure.kind() == ErrorKind.TIMEOUT);
    return message.replaceFirst("\\.?$", ".") + (isUnreachable ? " " + UNREACHABLE : "");
  }
}
