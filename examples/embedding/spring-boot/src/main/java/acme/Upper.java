package acme;

import io.fairlead.engine.ModelHandler;
import io.fairlead.platform.Request;
import io.fairlead.platform.Response;
import java.util.Locale;

/** A model in Java, which answers with its process, too. */
public final class Upper implements ModelHandler {
  @Override
  public Response handle(Request request) {
    return Response.json(
        "[" + request.text().toUpperCase(Locale.ROOT) + ", " + ProcessHandle.current().pid() + "]");
  }
}
