package io.fairlead.vertex.internal;

import io.fairlead.error.ErrorKind;
import io.fairlead.error.ServingException;
import io.fairlead.reconcile.Outcome;
import io.fairlead.reconcile.ResourceKind;
import io.fairlead.vertex.VertexProvider;

/** What the kinds of resources that Vertex AI has share: how far their operations are. */
abstract class VertexKind<T> implements ResourceKind<T> {
  final VertexNames names;
  final VertexCalls calls;
  private final String kind;

  VertexKind(String kind, VertexNames names, VertexCalls calls) {
    this.kind = kind;
    this.names = names;
    this.calls = calls;
  }

  @Override
  public final String name() {
    return kind;
  }

  @Override
  public final Outcome poll(String operation) {
    // Of projects/P/locations/L/endpoints/E/operations/O, what people know it by.
    int end = operation.indexOf("/operations/");
    String subject = end < 0 ? operation : VertexNames.id(operation.substring(0, end));
    return calls.poll("The work on " + kind + " " + subject, operation);
  }

  static ServingException failure(ErrorKind kind, String message) {
    return ServingException.builder(VertexProvider.ID, kind, message).build();
  }

  /** {@return a refusal that waiting does not mend} */
  static ServingException refusal(String message) {
    return ServingException.builder(VertexProvider.ID, ErrorKind.CONFLICT, message)
        .retryable(false)
        .build();
  }
}
