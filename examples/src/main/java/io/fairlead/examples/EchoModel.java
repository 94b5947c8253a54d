package io.fairlead.examples;

import io.fairlead.engine.ModelHandler;
import io.fairlead.platform.Request;
import io.fairlead.platform.Response;

/** A minimal model that echoes its request. */
public final class EchoModel implements ModelHandler {
  /** Creates the model; called by the platform for {@code java:io.fairlead.examples.EchoModel}. */
  public EchoModel() {}

  @Override
  public Response handle(Request request) {
    return Response.of(request.body(), request.contentType());
  }
}
