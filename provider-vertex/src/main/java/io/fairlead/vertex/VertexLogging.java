package io.fairlead.vertex;

import static java.util.Objects.requireNonNull;

import io.fairlead.grammar.Problems;
import io.fairlead.grammar.RoutingOptions;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * Writes an endpoint's requests and answers to BigQuery, for {@link io.fairlead.grammar.Routing#with}.
 *
 * <p>It is the endpoint's, so all variants under a name have it; one that says nothing leaves it as it is. The dataset
 * that Vertex AI makes for it stays when the endpoint goes.
 *
 * @param samplingRate the share of requests, above 0 and at most 1; 0 to end it
 * @param table where they go, as {@code bq://project}, {@code bq://project.dataset} or {@code bq://project.dataset.table};
 *     by default a dataset of Vertex AI's making
 */
public record VertexLogging(double samplingRate, Optional<String> table) implements RoutingOptions {
  private static final Pattern TABLE = Pattern.compile("bq://[^.\\s]+(\\.[^.\\s]+){0,2}");

  public VertexLogging {
    requireNonNull(table, "table");
    Problems.in("VertexLogging")
        .check(
            samplingRate >= 0 && samplingRate <= 1,
            "samplingRate",
            "must be above 0 and at most 1, or 0 to end it",
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
  public String platform() {
    return VertexProvider.ID;
  }
}
