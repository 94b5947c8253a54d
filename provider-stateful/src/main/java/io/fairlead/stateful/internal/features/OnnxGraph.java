package io.fairlead.stateful.internal.features;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The graph of an ONNX model with one input, a row of numbers of the type float.
 *
 * <p>It is read for one question, what of the answer depends on the input in which way. Whatever could hide a way is
 * refused: functions of the model's own, graphs within graphs, operators of other vendors, and chance.
 */
final class OnnxGraph {
  private static final int MODEL_GRAPH = 7;
  private static final int MODEL_OPERATORS = 8;
  private static final int MODEL_FUNCTION = 25;
  private static final int OPERATORS_DOMAIN = 1;
  private static final int OPERATORS_VERSION = 2;
  private static final int GRAPH_NODE = 1;
  private static final int GRAPH_INITIALIZER = 5;
  private static final int GRAPH_INPUT = 11;
  private static final int GRAPH_OUTPUT = 12;
  private static final int GRAPH_SPARSE_INITIALIZER = 15;
  private static final int VALUE_NAME = 1;
  private static final int VALUE_TYPE = 2;
  private static final int TYPE_TENSOR = 1;
  private static final int TENSOR_ELEMENTS = 1;
  private static final int TENSOR_SHAPE = 2;
  private static final int SHAPE_DIMENSION = 1;
  private static final int DIMENSION_LENGTH = 1;

  private static final int MOST_NODES = 10_000;
  static final int MOST_FEATURES = 1 << 16;
  private static final long LAST_KNOWN_ML = 5;
  private static final Set<String> RANDOM = Set.of(
      "RandomNormal",
      "RandomNormalLike",
      "RandomUniform",
      "RandomUniformLike",
      "Multinomial",
      "Bernoulli",
      "Dropout");

  private final List<OnnxNode> nodes;
  private final Map<String, OnnxTensor> constants;
  private final int width;
  private final Set<String> rows;

  private OnnxGraph(
      List<OnnxNode> nodes, Map<String, OnnxTensor> constants, int width, Set<String> rows) {
    this.nodes = nodes;
    this.constants = constants;
    this.width = width;
    this.rows = rows;
  }

  /** {@return the graph of a model} */
  static OnnxGraph read(byte[] model) throws NoCellsException {
    ProtobufCursor fields = ProtobufCursor.of(model);
    ProtobufCursor graph = null;
    while (fields.next()) {
      switch (fields.field()) {
        case MODEL_GRAPH -> {
          check(graph == null, "The file is no ONNX model that is known: its graph is in parts.");
          graph = fields.message();
        }
        case MODEL_OPERATORS -> checkOperators(fields.message());
        case MODEL_FUNCTION ->
          throw new NoCellsException("The model has functions of its own, which are not followed.");
        default -> {}
      }
    }
    if (graph == null) {
      throw new NoCellsException("The file is no ONNX model: it has no graph.");
    }
    return new Reader().read(graph);
  }

  private static void checkOperators(ProtobufCursor fields) throws NoCellsException {
    String domain = "";
    long version = 0;
    while (fields.next()) {
      switch (fields.field()) {
        case OPERATORS_DOMAIN -> domain = fields.text();
        case OPERATORS_VERSION -> version = fields.number();
        default -> {}
      }
    }
    check(
        !domain.equals(OnnxNode.ML) || version <= LAST_KNOWN_ML,
        "The model has operators of " + OnnxNode.ML + " " + version + ", which are not known.");
  }

  /** An input: its name, and its number of features. */
  private record Input(String name, int width, boolean isFloat, boolean isRow) {
    static Input read(ProtobufCursor fields) throws NoCellsException {
      String name = "";
      ProtobufCursor type = null;
      while (fields.next()) {
        switch (fields.field()) {
          case VALUE_NAME -> name = fields.text();
          case VALUE_TYPE -> {
            check(type == null, "The type of an input is in parts.");
            type = fields.message();
          }
          default -> {}
        }
      }
      ProtobufCursor tensor = null;
      while (type != null && type.next()) {
        if (type.field() == TYPE_TENSOR) {
          check(tensor == null, "The type of an input is in parts.");
          tensor = type.message();
        }
      }
      boolean isFloat = false;
      List<Long> lengths = null;
      while (tensor != null && tensor.next()) {
        switch (tensor.field()) {
          case TENSOR_ELEMENTS -> isFloat = tensor.number() == OnnxTensor.FLOAT;
          case TENSOR_SHAPE -> {
            check(lengths == null, "The shape of an input is in parts.");
            lengths = lengths(tensor.message());
          }
          default -> {}
        }
      }
      boolean isRow = lengths != null
          && lengths.size() == 2
          && lengths.get(0) <= 1
          && lengths.get(1) <= MOST_FEATURES;
      return new Input(
          name,
          isRow && lengths != null && lengths.get(1) > 0 ? lengths.get(1).intValue() : -1,
          isFloat,
          isRow);
    }

    /** {@return the lengths of the dimensions; of one that may be any, 0 or less} */
    private static List<Long> lengths(ProtobufCursor shape) throws NoCellsException {
      List<Long> lengths = new ArrayList<>();
      while (shape.next()) {
        if (shape.field() == SHAPE_DIMENSION) {
          ProtobufCursor dimension = shape.message();
          long length = -1;
          while (dimension.next()) {
            length = dimension.field() == DIMENSION_LENGTH ? dimension.number() : length;
          }
          lengths.add(length);
          check(lengths.size() <= 2, "The input of the model is no row of numbers.");
        }
      }
      return lengths;
    }
  }

  /** The graph while it is read. */
  private static final class Reader {
    private final List<OnnxNode> nodes = new ArrayList<>();
    private final Map<String, OnnxTensor> constants = new HashMap<>();
    private final List<Input> inputs = new ArrayList<>();
    private final Set<String> outputs = new HashSet<>();

    OnnxGraph read(ProtobufCursor fields) throws NoCellsException {
      while (fields.next()) {
        switch (fields.field()) {
          case GRAPH_NODE -> {
            check(nodes.size() < MOST_NODES, "The model has too many operators.");
            nodes.add(known(OnnxNode.read(fields.message())));
          }
          case GRAPH_INITIALIZER -> {
            OnnxTensor tensor = OnnxTensor.read(fields.message());
            check(
                constants.put(tensor.name(), tensor) == null,
                "The model has the constant '" + tensor.name() + "' twice.");
          }
          case GRAPH_SPARSE_INITIALIZER ->
            throw new NoCellsException("The model has sparse constants, which are not followed.");
          case GRAPH_INPUT -> {
            check(inputs.size() < MOST_NODES, "The model has too many inputs.");
            inputs.add(Input.read(fields.message()));
          }
          case GRAPH_OUTPUT -> outputs.add(Input.read(fields.message()).name());
          default -> {}
        }
      }
      // Old models list their constants as inputs, too.
      inputs.removeIf(input -> constants.containsKey(input.name()));
      check(inputs.size() == 1, "The model has " + inputs.size() + " inputs and not one.");
      Input input = inputs.get(0);
      check(input.isFloat(), "The input of the model is not of the type float.");
      check(input.isRow(), "The input of the model is no row of numbers.");
      checkNames(input.name());
      Set<String> rows = rows(input.name());
      for (String row : rows) {
        check(!outputs.contains(row), "The model answers with its input.");
      }
      return new OnnxGraph(nodes, constants, input.width(), rows);
    }

    private static OnnxNode known(OnnxNode node) throws NoCellsException {
      check(
          node.domain().isEmpty() || node.domain().equals(OnnxNode.ML),
          "The model has an operator of " + node.domain() + ", which is not known.");
      check(!RANDOM.contains(node.operator()), "The model has an operator of chance.");
      return node;
    }

    /** A name that is given twice would make the way of a value ambiguous. */
    private void checkNames(String input) throws NoCellsException {
      Set<String> names = new HashSet<>(constants.keySet());
      names.add(input);
      for (OnnxNode node : nodes) {
        for (String output : node.outputs()) {
          check(
              output.isEmpty() || names.add(output),
              "The model has the value '" + output + "' twice.");
        }
      }
    }

    /** {@return the names of the input and of those that are the same values, whatever the order of the nodes} */
    private Set<String> rows(String input) throws NoCellsException {
      Set<String> rows = new HashSet<>(Set.of(input));
      boolean hasMore = true;
      while (hasMore) {
        hasMore = false;
        for (OnnxNode node : nodes) {
          hasMore |= isCopy(node, rows) && rows.add(node.outputs().get(0));
        }
      }
      return rows;
    }
  }

  private static boolean isCopy(OnnxNode node, Set<String> rows) throws NoCellsException {
    boolean copies = node.is("", "Identity")
        || (node.is("", "Cast") && node.number("to", 0) == OnnxTensor.FLOAT);
    return copies
        && node.inputs().size() == 1
        && node.outputs().size() == 1
        && rows.contains(node.inputs().get(0));
  }

  static void check(boolean right, String otherwise) throws NoCellsException {
    if (!right) {
      throw new NoCellsException(otherwise);
    }
  }

  /** {@return the number of features; -1 if the model does not say it} */
  int width() {
    return width;
  }

  List<OnnxNode> nodes() {
    return nodes;
  }

  @Nullable
  OnnxTensor constant(String name) {
    return constants.get(name);
  }

  /** {@return the nodes that compute something of the row itself} */
  List<OnnxNode> readers() throws NoCellsException {
    List<OnnxNode> readers = new ArrayList<>();
    for (OnnxNode node : nodes) {
      if (!isCopy(node, rows) && node.inputs().stream().anyMatch(rows::contains)) {
        readers.add(node);
      }
    }
    return readers;
  }

  /** {@return the nodes that read a value by its name} */
  List<OnnxNode> readers(String name) {
    return nodes.stream().filter(node -> node.inputs().contains(name)).toList();
  }

  boolean isRow(String name) {
    return rows.contains(name);
  }
}
