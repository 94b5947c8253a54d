package io.fairlead.serverless.comparison;

import io.fairlead.engine.ModelHandler;
import io.fairlead.platform.Request;
import io.fairlead.platform.Response;

/** A model that heeds no interrupt: only its process can be ended. */
public final class Stubborn implements ModelHandler {
  private volatile boolean goesOn = true;

  /** Makes a model. */
  public Stubborn() {}

  @Override
  public Response handle(Request request) {
    if (request.text().equals("short")) {
      return Response.json("1");
    }
    while (goesOn) {
      Thread.onSpinWait();
    }
    return Response.json("2");
  }

  /** Never called: without it the loop would have no end. */
  void stop() {
    goesOn = false;
  }
}
