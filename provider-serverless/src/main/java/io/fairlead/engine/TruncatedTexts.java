package io.fairlead.engine;

import io.fairlead.grammar.Problems;
import io.fairlead.platform.ResponseDetail;
import java.util.List;

/**
 * The texts of a request that have more tokens than the model sees, and were cut off there.
 *
 * <p>Absent from a response whose texts were read to their ends. For a rerank request a text is one to be ranked, and
 * it counts as cut off if anything of it or of the query beside it was.
 *
 * @param indices the positions of these texts in the request, from 0, in ascending order; at least one
 * @param tokens the number of tokens that were left out, of all these texts together; at least that many where a long
 *     text was only tokenized as far as the model could see it
 */
public record TruncatedTexts(List<Integer> indices, long tokens) implements ResponseDetail {
  public TruncatedTexts {
    indices = List.copyOf(indices);
    Problems.in("TruncatedTexts")
        .check(!indices.isEmpty(), "indices", "must not be empty")
        .check(tokens >= indices.size(), "tokens", "must be one for each text or more", tokens)
        .throwIfAny();
  }
}
