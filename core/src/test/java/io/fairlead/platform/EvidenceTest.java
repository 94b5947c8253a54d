package io.fairlead.platform;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.fairlead.error.ErrorKind;
import io.fairlead.error.ServingException;
import io.fairlead.grammar.Container;
import io.fairlead.grammar.Dependencies;
import io.fairlead.grammar.Endpoint;
import io.fairlead.grammar.ModelArtifact;
import io.fairlead.grammar.Routing;
import io.fairlead.grammar.RuntimeSpec;
import io.fairlead.grammar.Scaling;
import io.fairlead.rollout.Evidence;
import io.fairlead.rollout.Observations;
import java.lang.reflect.Proxy;
import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

class EvidenceTest {
  private static final Request REQUEST = Request.json("[1]");
  private static final Duration EVER = Duration.ofHours(1);
  private static final Duration NEVER = Duration.ofNanos(1);
  private static final SortedSet<Duration> LIMITS = new TreeSet<>(List.of(NEVER, EVER));
  private static final SortedSet<Duration> NO_LIMITS = Collections.emptySortedSet();

  private final Endpoint green = new Endpoint(
      new Container(
          ModelArtifact.of(URI.create("java:acme.Iris")), RuntimeSpec.NONE, Dependencies.NONE),
      Scaling.fixed(1),
      new Routing("ask", "green"));

  private final List<Request> asked = new ArrayList<>();
  private final List<Object> answers = new ArrayList<>();

  /** A platform that gives the answers in turn, and the last again and again. */
  private EndpointPlatform platform() {
    return (EndpointPlatform) Proxy.newProxyInstance(
        EvidenceTest.class.getClassLoader(),
        new Class<?>[] {EndpointPlatform.class},
        (proxy, method, arguments) -> {
          if (!method.getName().equals("invoke")) {
            return method.getName().equals("id") ? "stub" : null;
          }
          asked.add((Request) arguments[1]);
          Object answer = answers.size() > 1 ? answers.remove(0) : answers.get(0);
          if (answer instanceof RuntimeException failure) {
            throw failure;
          }
          return answer;
        });
  }

  private static Response by(String variant) {
    return Response.json("[]").servedBy(variant);
  }

  private static ServingException failure(ErrorKind kind) {
    return new ServingException("stub", kind, "No.");
  }

  private static Observations seen(long requests, long failures) {
    return new Observations(requests, failures, Collections.emptySortedMap());
  }

  // ---- what is called ----

  private final CallEvidence calls = new CallEvidence();

  private void call(Object... newAnswers) {
    answers.clear();
    answers.addAll(List.of(newAnswers));
    EndpointPlatform watched = calls.watch(platform());
    for (int i = 0; i < newAnswers.length; i++) {
      try {
        watched.invoke(green, REQUEST);
      } catch (ServingException e) {
        assertThat(newAnswers).contains(e);
      }
    }
  }

  @Test
  void eachCallCountsForTheVariantThatAnsweredOrFailed() {
    Evidence.Window window = calls.open(green, NO_LIMITS);

    call(
        by("green"),
        by("blue"),
        failure(ErrorKind.MODEL_FAILED).withVariant("green"),
        failure(ErrorKind.MODEL_FAILED).withVariant("blue"),
        failure(ErrorKind.TIMEOUT).withVariant("green"),
        by("green"));

    assertThat(window.seen()).isEqualTo(seen(4, 2));
  }

  @Test
  void whatNeverReachedAModelDoesNotCount() {
    Evidence.Window window = calls.open(green, NO_LIMITS);

    call(
        failure(ErrorKind.THROTTLED).withVariant("green"),
        failure(ErrorKind.INVALID).withVariant("green"),
        failure(ErrorKind.UNAUTHORIZED).withVariant("green"),
        Response.json("[]"));

    assertThat(window.seen()).isEqualTo(Observations.NONE);
  }

  @Test
  void aRequestThatNobodyAnsweredMayHaveBeenOfAnyVariantOfTheName() {
    Evidence.Window window = calls.open(green, NO_LIMITS);
    Evidence.Window ofAnotherName = calls.open(
        new Endpoint(green.container(), green.scaling(), new Routing("other", "green")), NO_LIMITS);

    call(failure(ErrorKind.TIMEOUT), failure(ErrorKind.UNAVAILABLE), by("green"));

    assertThat(window.seen()).isEqualTo(new Observations(1, 0, 2, Collections.emptySortedMap()));
    assertThat(ofAnotherName.seen()).isEqualTo(Observations.NONE);
  }

  @Test
  void slowCallsAreCountedByEachLimit() {
    Evidence.Window window = calls.open(green, LIMITS);

    call(by("green"), by("green"));

    assertThat(window.seen())
        .isEqualTo(new Observations(2, 0, new TreeMap<>(Map.of(NEVER, 2L, EVER, 0L))));
  }

  @Test
  void aWindowSeesWhatEndsWhileItIsOpen() {
    call(by("green"));
    Evidence.Window window = calls.open(green, NO_LIMITS);
    call(by("green"));
    window.close();
    call(by("green"));

    assertThat(window.seen()).isEqualTo(seen(1, 0));
  }

  // ---- what is asked ----

  private final AtomicLong nanos = new AtomicLong();

  private Evidence.Window probing(int perLook, Object... newAnswers) {
    answers.addAll(List.of(newAnswers));
    return new ProbeEvidence(
            platform(),
            REQUEST,
            perLook,
            () -> nanos.getAndAdd(Duration.ofSeconds(1).toNanos()))
        .open(green, LIMITS);
  }

  @Test
  void probesArePinnedToTheCandidateAndSentAtEachLook() {
    Evidence.Window window = probing(3, by("green"), failure(ErrorKind.MODEL_FAILED), by("green"));

    assertThat(window.seen())
        .isEqualTo(new Observations(4, 1, new TreeMap<>(Map.of(NEVER, 4L, EVER, 0L))));
    assertThat(window.seen().requests()).isEqualTo(7);
    assertThat(asked)
        .hasSize(7)
        .allSatisfy(request -> assertThat(request.variant()).contains("green"));
  }

  @Test
  void whatAProbeCannotLearnEndsTheLookAndKeepsWhatWasSeen() {
    Evidence.Window window = probing(
        2,
        by("green"),
        by("green"),
        failure(ErrorKind.THROTTLED),
        failure(ErrorKind.THROTTLED),
        by("green"));

    assertThat(window.seen().requests()).isEqualTo(2);
    assertThatThrownBy(window::seen).isInstanceOf(ServingException.class);
    assertThat(window.seen().requests()).isEqualTo(4);
  }

  @Test
  void aLookAtACandidateThatHangsIsNoLongerThanOneRequest() {
    answers.add(failure(ErrorKind.TIMEOUT));
    Evidence.Window window = new ProbeEvidence(
            platform(),
            REQUEST.withTimeout(Duration.ofSeconds(60)),
            20,
            () -> nanos.getAndAdd(Duration.ofSeconds(25).toNanos()))
        .open(green, NO_LIMITS);

    assertThat(window.seen()).isEqualTo(seen(2, 2));
  }

  @Test
  void aPlatformThatCannotPinIsToldBeforeAnythingIsWaitedFor() {
    assertThatThrownBy(() -> probing(1, failure(ErrorKind.UNSUPPORTED)))
        .isInstanceOf(ServingException.class);
    assertThatThrownBy(() -> new ProbeEvidence(platform(), REQUEST, 0))
        .hasMessageContaining("perLook must be 1 or more");
  }
}
