package io.fairlead.quarkus.deployment;

import io.fairlead.engine.ModelHandler;
import io.fairlead.platform.Request;
import io.fairlead.platform.Response;

/** A model that answers with what it was asked. */
public final class Echo implements ModelHandler {
  @Override
  public Response handle(Request request) {
    return Response.json(request.text());
  }
}
