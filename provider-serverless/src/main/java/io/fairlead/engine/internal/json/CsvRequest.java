package io.fairlead.engine.internal.json;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.JsonParser;
import io.fairlead.engine.Datatype;
import io.fairlead.engine.Tensor;
import io.fairlead.engine.TensorSpec;
import io.fairlead.grammar.Problem;
import io.fairlead.grammar.Problems;
import io.fairlead.platform.Request;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.math.BigDecimal;
import java.nio.charset.CharacterCodingException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Pattern;

/**
 * The reader of requests in CSV, one row a line, as SageMaker's clients send them: without a header, unless the content
 * type has {@code header=present}.
 *
 * <p>The fields of a row are the elements of the model's inputs, in their order. For a model of texts a row is one
 * text: a line, or one field in quotes.
 */
final class CsvRequest {
  static final String CONTENT_TYPE = "text/csv";

  private static final int MAX_FIELDS = 1 << 20;
  private static final Pattern HEADER = Pattern.compile(";\\s*header\\s*=\\s*\"?present\\b");
  private static final Pattern CHARSET = Pattern.compile(";\\s*charset\\s*=\\s*\"?(?!utf-8\\b)");
  private static final Pattern NUMBER =
      Pattern.compile("-?(0|[1-9]\\d{0,40})(\\.\\d{1,40})?([eE][+-]?\\d{1,5})?");
  private static final Pattern OTHER_NUMBER =
      Pattern.compile("[+-]?(\\d{1,40}\\.?\\d{0,40}|\\.\\d{1,40})([eE][+-]?\\d{1,5})?");
  private static final Map<String, String> NAMED = Map.of(
      "nan",
      "NaN",
      "inf",
      "Infinity",
      "infinity",
      "Infinity",
      "-inf",
      "-Infinity",
      "-infinity",
      "-Infinity");

  private final JsonModel model;
  private final Problems problems = Problems.in("Request");

  private CsvRequest(JsonModel model) {
    this.model = model;
  }

  static boolean isCsv(String contentType) {
    String type = contentType.toLowerCase(Locale.ROOT);
    return type.startsWith(CONTENT_TYPE)
        && (type.length() == CONTENT_TYPE.length()
            || type.charAt(CONTENT_TYPE.length()) == ';'
            || type.charAt(CONTENT_TYPE.length()) == ' ');
  }

  /**
   * {@return the rows of a request}
   *
   * @throws io.fairlead.grammar.InvalidValueException with its problems
   */
  static Rows read(Request request, JsonModel model) {
    CsvRequest csv = new CsvRequest(model);
    Rows rows = csv.read(request);
    csv.problems.throwIfAny();
    return rows;
  }

  private Rows read(Request request) {
    String type = request.contentType().toLowerCase(Locale.ROOT);
    problems.check(
        !CHARSET.matcher(type).find(), "contentType", "must be in UTF-8", request.contentType());
    problems.check(
        model.unanswerable().isEmpty(),
        "contentType",
        "must be application/json, to name the outputs to answer with",
        request.contentType());
    String text;
    try {
      text = UTF_8.newDecoder().decode(request.bodyBuffer()).toString();
    } catch (CharacterCodingException e) {
      problems.check(false, "body", "must be in UTF-8");
      return Rows.ofTexts(List.of());
    }
    CsvReader reader = new CsvReader(text, problems);
    if (HEADER.matcher(type).find()) {
      reader.skipLine();
    }
    if (problems.count() > 0) {
      return Rows.ofTexts(List.of());
    }
    Rows rows = model.textRefusal().isEmpty() ? texts(reader) : numbers(reader);
    problems.check(reader.row() > 0, "body", "must hold one row or more");
    return rows;
  }

  private Rows texts(CsvReader reader) {
    List<String> texts = new ArrayList<>();
    for (String text = reader.nextText(); text != null; text = reader.nextText()) {
      problems.check(!text.isBlank(), "row " + reader.row(), "must not be empty");
      texts.add(text);
    }
    return Rows.ofTexts(texts);
  }

  /** One input, and the elements that each row has for it, as JSON. */
  private record Column(
      TensorSpec input, int width, ByteArrayOutputStream json, JsonGenerator elements) {
    static Column of(TensorSpec input, int width) throws IOException {
      ByteArrayOutputStream json = new ByteArrayOutputStream();
      JsonGenerator elements = JsonRequest.JSON.createGenerator(json);
      elements.writeStartArray();
      return new Column(input, width, json, elements);
    }
  }

  private Rows numbers(CsvReader reader) {
    try {
      List<Column> columns = new ArrayList<>();
      int width = 0;
      while (reader.nextRow(MAX_FIELDS)) {
        if (reader.row() == 1) {
          width = reader.count();
          columns = columns(width);
        } else {
          problems.check(
              reader.count() == width,
              "row " + reader.row(),
              "must have " + width + " fields, as the first has",
              reader.count());
        }
        if (problems.count() == 0) {
          write(columns, reader);
        } else if (columns.isEmpty()) {
          return Rows.ofTexts(List.of());
        }
      }
      return problems.count() == 0 ? tensors(columns, reader.row()) : Rows.ofTexts(List.of());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** The inputs, if a row of this many fields has their elements. */
  private List<Column> columns(int fields) throws IOException {
    List<TensorSpec> inputs = model.inputs();
    List<Column> columns = new ArrayList<>();
    long wanted = 0;
    for (TensorSpec input : inputs) {
      long width = width(input);
      if (width < 0 && inputs.size() > 1) {
        problems.check(
            false,
            "contentType",
            "must be application/json, because the rows of the inputs " + JsonRequest.names(inputs)
                + " are not all of a known length",
            CONTENT_TYPE);
        return List.of();
      }
      columns.add(Column.of(input, width < 0 ? fields : (int) Math.min(width, Integer.MAX_VALUE)));
      wanted += width < 0 ? fields : width;
    }
    problems.check(
        fields <= MAX_FIELDS, "row 1", "must have at most " + MAX_FIELDS + " fields", fields);
    if (problems.count() > 0) {
      return List.of();
    }
    if (wanted != fields) {
      problems.check(
          false,
          "row 1",
          "must have " + wanted + " fields, the elements of " + JsonRequest.names(inputs),
          fields);
      return List.of();
    }
    return columns;
  }

  /** The number of elements of a row; -1 if it may be any. */
  private static long width(TensorSpec input) {
    if (input.shape().isEmpty()) {
      return -1;
    }
    long width = 1;
    for (long length : input.shape().subList(1, input.shape().size())) {
      width = length < 0 || width < 0 ? -1 : width * length;
    }
    return width;
  }

  private void write(List<Column> columns, CsvReader reader) throws IOException {
    int at = 0;
    for (Column column : columns) {
      for (int i = 0; i < column.width(); i++, at++) {
        String field = reader.fields().get(at);
        if (!write(column.elements(), column.input().datatype(), field)) {
          problems.check(
              false,
              place(reader.row(), at),
              "must be " + described(column.input().datatype()));
        }
      }
    }
  }

  private static String place(long row, int field) {
    return "row " + row + ", field " + (field + 1);
  }

  private static String described(Datatype datatype) {
    return switch (datatype) {
      case BOOL -> "true or false";
      case FP16, BF16, FP32, FP64 -> "a number, or nan where a value is missing";
      default -> "a whole number";
    };
  }

  /** Writes a field as JSON, and returns whether it has that form. */
  private static boolean write(JsonGenerator json, Datatype datatype, String field)
      throws IOException {
    if (datatype == Datatype.BYTES) {
      json.writeString(field);
      return true;
    }
    String text = field.strip();
    if (datatype == Datatype.BOOL) {
      boolean value = text.equalsIgnoreCase("true") || text.equals("1");
      json.writeBoolean(value);
      return value || text.equalsIgnoreCase("false") || text.equals("0");
    }
    if (NUMBER.matcher(text).matches()) {
      json.writeNumber(text);
      return true;
    }
    if (OTHER_NUMBER.matcher(text).matches()) {
      json.writeNumber(new BigDecimal(text));
      return true;
    }
    String named = NAMED.get(text.toLowerCase(Locale.ROOT));
    if (named != null) {
      json.writeString(named);
    }
    return named != null;
  }

  private Rows tensors(List<Column> columns, int count) throws IOException {
    List<Tensor> tensors = new ArrayList<>();
    int before = 0;
    for (Column column : columns) {
      column.elements().close();
      try (JsonParser json = JsonRequest.JSON.createParser(column.json().toByteArray())) {
        json.nextToken();
        Elements elements = Elements.read(json, column.input().datatype());
        if (elements.wrong() >= 0) {
          problems.check(
              false,
              place(
                  elements.wrong() / column.width() + 1L,
                  before + elements.wrong() % column.width()),
              "must be " + described(column.input().datatype()) + ", of "
                  + column.input().datatype());
        } else if (elements.check(problems, "body")) {
          long[] shape = shape(column, count);
          if (JsonRequest.fits(column.input(), shape)) {
            tensors.add(elements.tensor(column.input().name(), shape));
          } else {
            problems.add(new Problem(
                "body",
                "must be rows of shape " + JsonRequest.shown(column.input()),
                String.valueOf(JsonRequest.shown(shape))));
          }
        }
      }
      before += column.width();
    }
    return Rows.ofTensors(count, tensors);
  }

  private static long[] shape(Column column, int count) {
    List<Long> given = column.input().shape();
    if (given.isEmpty() || given.lastIndexOf(-1L) > 0) {
      return new long[] {count, column.width()};
    }
    long[] shape = given.stream().mapToLong(length -> length).toArray();
    shape[0] = count;
    return shape;
  }
}
