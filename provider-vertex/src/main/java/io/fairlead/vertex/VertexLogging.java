package io.fairlead.vertex;

import static java.util.Objects.requireNonNull;

import io.fairlead.grammar.Problems;
import io.fairlead.grammar.RoutingOptions;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * Request-response logging of an endpoint to BigQuery, for {@link io.fairlead.grammar.Routing#with}.
 *
 * <p>It applies to all variants of the public name. Deploying a variant without this option leaves it unchanged. A
 * dataset that Vertex AI creates for it is not deleted with the endpoint.
 *
 * @param samplingRate the share of requests that are logged, above 0 and at most 1; 0 to disable logging
 * @param table the table, as {@code bq://project}, {@code bq://project.dataset} or {@code bq://project.dataset.table};
 *     by default one that Vertex AI creates
 */
public record VertexLogging(double samplingRate, Optional<String> table) implements RoutingOptions {
  private static final Pattern TABLE = Pattern.compile("bq://[^.\\s]+(\\.[^.\\s]+){0,2}");

  public VertexLogging {
    requireNonNull(table, "table");
    Problems.in("VertexLogging")
        .check(
            samplingRate >= 0 && samplingRate <= 1,
            "samplingRate",
            "must be above 0 and at most 1, or 0 to disable logging",
            samplingRate)
        .check(
            table.filter(text -> !TABLE.matcher(text).matches()).isEmpty(),
            "table",
            "must be bq://project, bq://project.dataset or bq://project.dataset.table",
            table.orElse(""))
        .throwIfAny();
  }

  public static VertexLogging sampling(double rate) {
    return new VertexLogging(rate, Optional.empty());
  }

  public VertexLogging to(String newTable) {
    return new VertexLogging(samplingRate, Optional.of(newTable));
  }

  @Override
  public String toString() {
    return samplingRate == 0
        ? "off"
        : samplingRate + " of the requests" + table.map(name -> " to " + name).orElse("");
  }

  @Override
  public String platform() {
    return VertexProvider.ID;
  }
}
