package acme;

import io.fairlead.grammar.ModelFunction;
import io.fairlead.platform.Request;
import io.fairlead.serverless.ServerlessPlatform;
import io.quarkus.arc.All;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.ws.rs.POST;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.PathParam;
import java.util.List;

/** The models of an application, in its own process and in processes of theirs. */
@Path("/ask")
@ApplicationScoped
public class Models {
  private final ServerlessPlatform models;
  private final List<ModelFunction> functions;

  Models(ServerlessPlatform models, @All List<ModelFunction> functions) {
    this.models = models;
    this.functions = functions;
  }

  @POST
  @Path("/{function}")
  public String ask(@PathParam("function") String name, String body) {
    ModelFunction function = functions.stream()
        .filter(each -> each.name().equals(name))
        .findFirst()
        .orElseThrow();
    return models.invoke(function, Request.json(body)).text();
  }
}
