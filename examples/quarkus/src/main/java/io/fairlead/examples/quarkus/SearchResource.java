package io.fairlead.examples.quarkus;

import jakarta.ws.rs.BadRequestException;
import jakarta.ws.rs.POST;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.core.Response;
import jakarta.ws.rs.core.Response.Status;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The search over HTTP; its page is in {@code META-INF/resources}. */
@Path("/search")
public class SearchResource {
  private final Search search;

  SearchResource(Search search) {
    this.search = search;
  }

  /** What is asked. */
  public record Asked(@Nullable String question) {}

  /** {@return the sentences, the nearest one first} */
  @POST
  public List<Search.Hit> search(@Nullable Asked asked) {
    String question = asked == null ? null : asked.question();
    if (question == null || question.isBlank()) {
      throw new BadRequestException(Response.status(Status.BAD_REQUEST)
          .entity(Map.of("error", "question must be given"))
          .build());
    }
    return search.best(question);
  }
}
