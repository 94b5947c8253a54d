package io.fairlead.engine.internal.json;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import io.fairlead.engine.internal.text.Unicode;
import io.fairlead.grammar.Problems;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The members of a request that are those of other servers' bodies, told apart by their names:
 *
 * <ul>
 *   <li>{@code input}: embeddings, as OpenAI's API has them;
 *   <li>{@code query} and {@code texts}: a ranking, as Text Embeddings Inference has it;
 *   <li>{@code query} and {@code documents}: a ranking, as Cohere, Jina and vLLM have it.
 * </ul>
 *
 * <p>Members come in any order, and are no problem in a request that turns out to be another. So texts are skipped at
 * first, and read when the form is known.
 */
final class OtherBodies {
  private static final String INPUT = "input";
  private static final String QUERY = "query";
  private static final String TEXTS = "texts";
  private static final String DOCUMENTS = "documents";
  private static final Set<String> OF_EMBEDDINGS =
      Set.of(INPUT, "model", "encoding_format", "dimensions", "user");
  private static final Set<String> OF_TEXTS =
      Set.of(QUERY, TEXTS, "raw_scores", "return_text", "truncate", "truncation_direction");
  private static final Set<String> OF_DOCUMENTS =
      Set.of(QUERY, DOCUMENTS, "model", "top_n", "return_documents", "user");
  private static final Set<String> KNOWN = known();

  /** Where an array or object is in the body. */
  private record Span(int from, int to) {}

  private final byte[] body;
  private final JsonModel model;
  private final Problems problems;
  private final Map<String, Object> members = new LinkedHashMap<>();
  private final List<String> others = new ArrayList<>();

  OtherBodies(byte[] body, JsonModel model, Problems problems) {
    this.body = body;
    this.model = model;
    this.problems = problems;
  }

  private static Set<String> known() {
    Set<String> known = new HashSet<>(OF_EMBEDDINGS);
    known.addAll(OF_TEXTS);
    known.addAll(OF_DOCUMENTS);
    return Set.copyOf(known);
  }

  /** Keeps a member for later, the value of which the parser is at, and moves the parser to its end. */
  void keep(String name, JsonParser json) throws IOException {
    if (!KNOWN.contains(name)) {
      if (others.size() < IgnoredParameters.MAX_NAMES) {
        others.add(name);
      }
      json.skipChildren();
      return;
    }
    Object value = switch (json.currentToken()) {
      case VALUE_STRING -> json.getText();
      case VALUE_TRUE -> true;
      case VALUE_FALSE -> false;
      case VALUE_NUMBER_INT, VALUE_NUMBER_FLOAT -> json.getNumberValue();
      default -> {
        int from = (int) json.currentTokenLocation().getByteOffset();
        json.skipChildren();
        json.finishToken();
        yield new Span(from, (int) json.currentLocation().getByteOffset());
      }
    };
    members.put(name, value);
  }

  /** {@return whether these members make a request} */
  boolean isRequest() {
    return members.containsKey(INPUT) || isRanking();
  }

  /** {@return whether these members make a request for a ranking, and none for embeddings} */
  boolean isRanking() {
    return !members.containsKey(INPUT)
        && members.containsKey(QUERY)
        && (members.containsKey(TEXTS) || members.containsKey(DOCUMENTS));
  }

  /** {@return the request for embeddings; null, perhaps with problems, if it is none} */
  @Nullable
  EmbeddingsRequest embeddings(IgnoredParameters.Collected ignored) throws IOException {
    if (!members.containsKey(INPUT)) {
      return null;
    }
    int before = problems.count();
    ignoreBeside(OF_EMBEDDINGS, ignored);
    checkTaken(INPUT, model.embeddingsRefusal());
    String format = text("encoding_format");
    problems.check(
        format == null || format.equals("float") || format.equals("base64"),
        "encoding_format",
        "must be float or base64",
        String.valueOf(format));
    int dimensions = number("dimensions", 1);
    int width = model.vectorWidth().orElse(dimensions);
    problems.check(
        dimensions == 0 || dimensions == width,
        "dimensions",
        "must be the length of this model's vectors, " + width + ", which are not shortened here",
        dimensions);
    List<String> texts = texts(INPUT);
    return problems.count() == before
        ? new EmbeddingsRequest(texts, text("model"), "base64".equals(format), dimensions)
        : null;
  }

  /** {@return the request for a ranking; null, with problems, if it is wrong} */
  @Nullable
  RerankRequest rerank(IgnoredParameters.Collected ignored) throws IOException {
    int before = problems.count();
    boolean ofDocuments = members.containsKey(DOCUMENTS);
    String field = ofDocuments ? DOCUMENTS : TEXTS;
    ignoreBeside(ofDocuments ? OF_DOCUMENTS : OF_TEXTS, ignored);
    checkTaken(QUERY, model.rerankRefusal());
    problems.check(
        !ofDocuments || !members.containsKey(TEXTS), TEXTS, "must not be present beside documents");
    String query = text(QUERY);
    if (query != null) {
      check(query, QUERY);
    }
    List<String> texts = texts(field);
    int most = ofDocuments ? number("top_n", 0) : 0;
    String side = ofDocuments ? null : text("truncation_direction");
    problems.check(
        side == null || side.equalsIgnoreCase("right"),
        "truncation_direction",
        "must be right: only the end of a text is cut off here",
        String.valueOf(side));
    boolean returnsTexts = flag(ofDocuments ? "return_documents" : "return_text", false);
    boolean isRaw = !ofDocuments && flag("raw_scores", false);
    boolean cutsOff = ofDocuments || flag("truncate", true);
    String name = ofDocuments ? text("model") : null;
    if (problems.count() > before || query == null) {
      return null;
    }
    int count = most == 0 ? texts.size() : Math.min(most, texts.size());
    return new RerankRequest(ofDocuments, query, texts, name, count, returnsTexts, isRaw, cutsOff);
  }

  /** Notes why a model does not take a form; one that takes no texts at all says so of its inputs. */
  private void checkTaken(String field, String refusal) {
    problems.check(
        refusal.isEmpty(), refusal.equals(model.textRefusal()) ? "inputs" : field, refusal);
  }

  private void ignoreBeside(Set<String> own, IgnoredParameters.Collected ignored) {
    others.forEach(ignored::add);
    members.keySet().stream().filter(name -> !own.contains(name)).forEach(ignored::add);
  }

  private @Nullable String text(String name) {
    Object value = members.get(name);
    problems.check(value == null || value instanceof String, name, "must be a string");
    return value instanceof String text ? text : null;
  }

  private boolean flag(String name, boolean otherwise) {
    Object value = members.getOrDefault(name, otherwise);
    problems.check(value instanceof Boolean, name, "must be true or false");
    return value instanceof Boolean flag ? flag : otherwise;
  }

  /** The number of a member; 0 if there is none. */
  private int number(String name, int least) {
    Object value = members.get(name);
    if (value == null) {
      return 0;
    }
    if (value instanceof Integer number && number >= least) {
      return number;
    }
    problems.check(
        false,
        name,
        "must be a whole number of " + least + " or more",
        value instanceof Number ? value : "no number");
    return 0;
  }

  private List<String> texts(String field) throws IOException {
    List<String> texts = new ArrayList<>();
    Object value = members.get(field);
    if (field.equals(INPUT) && value instanceof String text) {
      check(text, field);
      texts.add(text);
    } else if (value instanceof Span span && body[span.from()] == '[') {
      try (JsonParser json =
          JsonRequest.JSON.createParser(body, span.from(), span.to() - span.from())) {
        json.nextToken();
        readTexts(json, field, texts);
      }
    } else {
      problems.check(
          false,
          field,
          field.equals(INPUT)
              ? "must be a text or an array of texts"
              : "must be an array of texts");
    }
    return texts;
  }

  private void readTexts(JsonParser json, String field, List<String> texts) throws IOException {
    boolean areTokens = false;
    int index = 0;
    for (; json.nextToken() != JsonToken.END_ARRAY; index++) {
      String position = field + "[" + index + "]";
      if (json.currentToken() == JsonToken.VALUE_STRING) {
        String text = json.getText();
        check(text, position);
        texts.add(text);
      } else if (field.equals(DOCUMENTS) && json.currentToken() == JsonToken.START_OBJECT) {
        readDocument(json, position, texts);
      } else if (field.equals(INPUT) && isTokens(json.currentToken())) {
        areTokens = true;
        json.skipChildren();
      } else {
        problems.check(false, position, "must be a text");
        json.skipChildren();
      }
    }
    problems.check(
        !areTokens,
        field,
        "must be texts, not token ids, which another tokenizer than this model's may have made: send the texts");
    problems.check(index > 0, field, "must not be empty");
  }

  private static boolean isTokens(JsonToken token) {
    return token == JsonToken.VALUE_NUMBER_INT || token == JsonToken.START_ARRAY;
  }

  private void readDocument(JsonParser json, String position, List<String> texts)
      throws IOException {
    int found = 0;
    while (json.nextToken() == JsonToken.FIELD_NAME) {
      String name = json.currentName();
      JsonToken value = json.nextToken();
      if (!name.equals("text")) {
        problems.check(
            false,
            position + "." + IgnoredParameters.shown(name),
            "must not be present: a document is one text");
      } else if (value == JsonToken.VALUE_STRING) {
        found++;
        String text = json.getText();
        check(text, position + ".text");
        texts.add(text);
      }
      json.skipChildren();
    }
    problems.check(found == 1, position, "must hold one text, as its member text");
  }

  private void check(String text, String field) {
    problems
        .check(!text.isBlank(), field, "must not be empty")
        .check(Unicode.isWhole(text), field, Unicode.RULE);
  }
}
