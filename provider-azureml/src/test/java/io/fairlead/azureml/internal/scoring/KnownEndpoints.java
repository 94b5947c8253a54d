package io.fairlead.azureml.internal.scoring;

import io.fairlead.azureml.AzureMlEndpoint.AuthMode;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Supplier;

/** A control plane that knows one endpoint, and counts what it is asked. */
final class KnownEndpoints implements ScoringEndpoints {
  private final Queue<Supplier<Scoring>> findings = new ConcurrentLinkedQueue<>();
  private final Queue<Supplier<Credential>> credentials = new ConcurrentLinkedQueue<>();
  private final List<String> calls = new CopyOnWriteArrayList<>();
  private volatile Scoring scoring;

  KnownEndpoints(Scoring scoring) {
    this.scoring = scoring;
  }

  void know(Scoring newScoring) {
    scoring = newScoring;
  }

  /** Answers the next question for the scoring URI so. */
  void nextFind(Supplier<Scoring> answer) {
    findings.add(answer);
  }

  /** Answers the next question for a credential so. */
  void nextCredential(Supplier<Credential> answer) {
    credentials.add(answer);
  }

  /** {@return what was asked until now, and forgets it} */
  List<String> calls() {
    List<String> until = new ArrayList<>(calls);
    calls.clear();
    return until;
  }

  Scoring scoring() {
    return scoring;
  }

  @Override
  public Scoring find(String endpoint) {
    calls.add("find " + endpoint);
    Supplier<Scoring> next = findings.poll();
    return next == null ? scoring : next.get();
  }

  @Override
  public Credential credential(String endpoint, AuthMode mode) {
    calls.add(mode + " of " + endpoint);
    Supplier<Credential> next = credentials.poll();
    return next == null ? Credential.key("key-of-the-endpoint") : next.get();
  }
}
