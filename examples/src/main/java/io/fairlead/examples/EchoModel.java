package io.fairlead.examples;

import io.fairlead.engine.ModelHandler;
import io.fairlead.platform.Request;
import io.fairlead.platform.Response;

/** The least model there is: it answers what it was asked. */
public final class EchoModel implements ModelHandler {
  /** Makes the model; the platform does, for {@code java:io.fairlead.examples.EchoModel}. */
  public EchoModel() {}

  @Override
  public Response handle(Request request) {
    return Response.of(request.body(), request.contentType());
  }
}
