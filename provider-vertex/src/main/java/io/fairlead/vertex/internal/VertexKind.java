package io.fairlead.vertex.internal;

import io.fairlead.error.ErrorKind;
import io.fairlead.error.ServingException;
import io.fairlead.reconcile.KindName;
import io.fairlead.reconcile.Outcome;
import io.fairlead.reconcile.ResourceKind;
import io.fairlead.vertex.VertexProvider;

/** The base of Vertex AI's kinds of resources: their calls, and the polling of their operations. */
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

  /** {@return a failure that is not retryable} */
  static ServingException refusal(String message) {
    return ServingException.builder(VertexProvider.ID, ErrorKind.CONFLICT, message)
        .retryable(false)
        .build();
  }
}
