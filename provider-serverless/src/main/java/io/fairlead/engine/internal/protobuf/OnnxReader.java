package io.fairlead.engine.internal.protobuf;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A walk through an ONNX model's graphs, functions and subgraphs, in one pass and without its weights.
 *
 * <p>Of a field that occurs several times, protobuf merges the messages and keeps the last number or text. So does this.
 */
public final class OnnxReader {
  private static final int LONGEST_TEXT = 4096;
  private static final int MOST_ENTRIES = 100;

  private static final int MODEL_GRAPH = 7;
  private static final int MODEL_TRAINING = 20;
  private static final int MODEL_FUNCTION = 25;
  private static final int TRAINING_INITIALIZATION = 1;
  private static final int TRAINING_ALGORITHM = 2;
  private static final int FUNCTION_NODE = 7;
  private static final int FUNCTION_ATTRIBUTE = 11;
  private static final int GRAPH_NODE = 1;
  private static final int GRAPH_INITIALIZER = 5;
  private static final int GRAPH_INPUT = 11;
  private static final int GRAPH_OUTPUT = 12;
  private static final int VALUE_NAME = 1;
  private static final int GRAPH_SPARSE_INITIALIZER = 15;
  private static final int NODE_OPERATOR = 4;
  private static final int NODE_ATTRIBUTE = 5;
  private static final int ATTRIBUTE_NAME = 1;
  private static final int ATTRIBUTE_TEXT = 4;
  private static final int ATTRIBUTE_TEXTS = 9;
  private static final int ATTRIBUTE_TENSOR = 5;
  private static final int ATTRIBUTE_GRAPH = 6;
  private static final int ATTRIBUTE_TENSORS = 10;
  private static final int ATTRIBUTE_GRAPHS = 11;
  private static final int ATTRIBUTE_SPARSE_TENSOR = 22;
  private static final int ATTRIBUTE_SPARSE_TENSORS = 23;
  private static final int SPARSE_VALUES = 1;
  private static final int SPARSE_INDICES = 2;
  private static final int TENSOR_TEXTS = 6;
  private static final int TENSOR_NAME = 8;
  private static final int TENSOR_EXTERNAL_DATA = 13;
  private static final int TENSOR_DATA_LOCATION = 14;
  private static final int ENTRY_KEY = 1;
  private static final int ENTRY_VALUE = 2;

  private final ProtobufReader reader;
  private final Listener listener;
  private boolean graph;

  private OnnxReader(ProtobufReader reader, Listener listener) {
    this.reader = reader;
    this.listener = listener;
  }

  /** What is told of a model. */
  public interface Listener {
    /** Called with the name of the operator of each node. */
    default void operator(String name) {}

    /**
     * Called for each tensor that says where it is, or that has entries for it.
     *
     * @param name its name; may be empty
     * @param location the number of its data location: 0 is in the file, 1 is external
     * @param entries what it says of its external data
     */
    default void externalData(String name, int location, List<Entry> entries) {}

    /** {@return whether it is told of texts, which are read only then} */
    default boolean readsTexts() {
      return false;
    }

    /**
     * Called for each text that the model compares with others, or answers with.
     *
     * @param attribute the name of the attribute that it is in; empty for one of a tensor
     * @param value its bytes, which are UTF-8 as a rule
     */
    default void text(String attribute, byte[] value) {}

    /** Called with the name of each input and output of the model itself. */
    default void valueName(byte[] name) {}
  }

  /** A key and its value; null if they are too long for any known key. */
  public record Entry(@Nullable String key, @Nullable String value) {}

  /**
   * Reads a model to its end.
   *
   * @throws MalformedMessageException if it is not a whole ONNX model
   */
  public static void read(InputStream in, Listener listener) throws IOException {
    ProtobufReader reader = new ProtobufReader(in);
    OnnxReader model = new OnnxReader(reader, listener);
    reader.stream(model::model);
    if (!model.graph) {
      throw new MalformedMessageException("it has no graph");
    }
  }

  private void model(int field) throws IOException {
    switch (field) {
      case MODEL_GRAPH -> {
        graph = true;
        reader.message(listener.readsTexts() ? this::outerGraph : this::graph);
      }
      case MODEL_TRAINING -> reader.message(this::training);
      case MODEL_FUNCTION -> reader.message(this::function);
      default -> {}
    }
  }

  private void training(int field) throws IOException {
    if (field == TRAINING_INITIALIZATION || field == TRAINING_ALGORITHM) {
      reader.message(this::graph);
    }
  }

  private void function(int field) throws IOException {
    switch (field) {
      case FUNCTION_NODE -> reader.message(this::node);
      case FUNCTION_ATTRIBUTE -> attribute();
      default -> {}
    }
  }

  private void outerGraph(int field) throws IOException {
    if (field == GRAPH_INPUT || field == GRAPH_OUTPUT) {
      reader.message(inner -> {
        if (inner == VALUE_NAME) {
          listener.valueName(anyText());
        }
      });
    } else {
      graph(field);
    }
  }

  private void graph(int field) throws IOException {
    switch (field) {
      case GRAPH_NODE -> reader.message(this::node);
      case GRAPH_INITIALIZER -> tensor();
      case GRAPH_SPARSE_INITIALIZER -> sparseTensor();
      default -> {}
    }
  }

  private void node(int field) throws IOException {
    switch (field) {
      case NODE_OPERATOR -> {
        String name = text();
        if (name == null) {
          throw new MalformedMessageException("the name of an operator is too long");
        }
        listener.operator(name);
      }
      case NODE_ATTRIBUTE -> attribute();
      default -> {}
    }
  }

  private void attribute() throws IOException {
    Tensor tensor = new Tensor();
    SparseTensor sparse = new SparseTensor();
    List<byte[]> texts = new ArrayList<>();
    @Nullable String[] name = {""};
    reader.message(field -> {
      switch (field) {
        case ATTRIBUTE_NAME -> name[0] = listener.readsTexts() ? text() : "";
        case ATTRIBUTE_TEXT, ATTRIBUTE_TEXTS -> {
          if (listener.readsTexts()) {
            texts.add(anyText());
          }
        }
        case ATTRIBUTE_TENSOR -> reader.message(tensor);
        case ATTRIBUTE_TENSORS -> tensor();
        case ATTRIBUTE_SPARSE_TENSOR -> reader.message(sparse);
        case ATTRIBUTE_SPARSE_TENSORS -> sparseTensor();
        case ATTRIBUTE_GRAPH, ATTRIBUTE_GRAPHS -> reader.message(this::graph);
        default -> {}
      }
    });
    String of = name[0] == null ? "" : name[0];
    texts.forEach(value -> listener.text(of, value));
    tensor.tell();
    sparse.tell();
  }

  private void tensor() throws IOException {
    Tensor tensor = new Tensor();
    reader.message(tensor);
    tensor.tell();
  }

  private void sparseTensor() throws IOException {
    SparseTensor sparse = new SparseTensor();
    reader.message(sparse);
    sparse.tell();
  }

  private byte[] anyText() throws IOException {
    byte[] bytes = reader.bytes(Integer.MAX_VALUE);
    return bytes == null ? new byte[0] : bytes;
  }

  private @Nullable String text() throws IOException {
    byte[] bytes = reader.bytes(LONGEST_TEXT);
    return bytes == null ? null : new String(bytes, UTF_8);
  }

  private final class SparseTensor implements ProtobufReader.Visitor {
    private final Tensor values = new Tensor();
    private final Tensor indices = new Tensor();

    @Override
    public void field(int number) throws IOException {
      switch (number) {
        case SPARSE_VALUES -> reader.message(values);
        case SPARSE_INDICES -> reader.message(indices);
        default -> {}
      }
    }

    void tell() {
      values.tell();
      indices.tell();
    }
  }

  private final class Tensor implements ProtobufReader.Visitor {
    private @Nullable String name;
    private int location;
    private @Nullable List<Entry> entries;

    @Override
    public void field(int number) throws IOException {
      switch (number) {
        case TENSOR_NAME -> name = text();
        case TENSOR_TEXTS -> {
          if (listener.readsTexts()) {
            listener.text("", anyText());
          }
        }
        case TENSOR_EXTERNAL_DATA -> {
          List<Entry> all = entries == null ? new ArrayList<>() : entries;
          all.add(entry());
          if (all.size() > MOST_ENTRIES) {
            throw new MalformedMessageException(
                "a tensor says more than " + MOST_ENTRIES + " things of its external data");
          }
          entries = all;
        }
        // Protobuf, too, takes the lower half of a number for one of 32 bits.
        case TENSOR_DATA_LOCATION -> location = (int) reader.number();
        default -> {}
      }
    }

    private Entry entry() throws IOException {
      @Nullable String[] texts = {"", ""};
      reader.message(field -> {
        if (field == ENTRY_KEY || field == ENTRY_VALUE) {
          texts[field - ENTRY_KEY] = text();
        }
      });
      return new Entry(texts[0], texts[1]);
    }

    void tell() {
      if (location != 0 || entries != null) {
        listener.externalData(
            name == null ? "" : name, location, entries == null ? List.of() : entries);
      }
    }
  }
}
