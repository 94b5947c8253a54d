package io.fairlead.spring;

import io.fairlead.engine.ModelHandler;
import io.fairlead.platform.Request;
import io.fairlead.platform.Response;

/** A model that answers with the request. */
public final class Echo implements ModelHandler {
  @Override
  public Response handle(Request request) {
    if (request.text().contains("fail")) {
      throw new IllegalStateException("asked to fail");
    }
    return Response.json(request.text());
  }
}
