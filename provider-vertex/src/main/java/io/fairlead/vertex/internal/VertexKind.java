package io.fairlead.vertex.internal;

import io.fairlead.error.ErrorKind;
import io.fairlead.error.ServingException;
import io.fairlead.reconcile.KindName;
import io.fairlead.reconcile.Outcome;
import io.fairlead.reconcile.ResourceKind;
import io.fairlead.vertex.VertexProvider;

/** What the kinds of resources that Vertex AI has share: their calls, and how far their operations are. */
abstract class VertexKind<T> implements ResourceKind<T> {
  final VertexNames names;
  final VertexCalls calls;
  private final KindName<T> id;

  VertexKind(KindName<T> id, VertexNames names, VertexCalls calls) {
    this.id = id;
    this.names = names;
    this.calls = calls;
  }

  @Override
  public final KindName<T> id() {
    return id;
  }

  @Override
  public Outcome poll(String operation) {
    return calls.poll(operation);
  }

  static ServingException failure(ErrorKind kind, String message) {
    return ServingException.builder(VertexProvider.ID, kind, message).build();
  }

  /** {@return a refusal that waiting does not change} */
  static ServingException refusal(String message) {
    return ServingException.builder(VertexProvider.ID, ErrorKind.CONFLICT, message)
        .retryable(false)
        .build();
  }
}
