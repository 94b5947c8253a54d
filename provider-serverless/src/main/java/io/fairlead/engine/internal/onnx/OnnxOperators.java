package io.fairlead.engine.internal.onnx;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.util.Set;
import java.util.TreeSet;

/** A reader of the operators of an ONNX model, from its protobuf encoding. */
public final class OnnxOperators {
  private static final int MODEL_GRAPH = 7;
  private static final int MODEL_FUNCTION = 25;
  private static final int FUNCTION_NODE = 7;
  private static final int GRAPH_NODE = 1;
  private static final int NODE_OPERATOR = 4;
  private static final int NODE_ATTRIBUTE = 5;
  private static final int ATTRIBUTE_GRAPH = 6;
  private static final int ATTRIBUTE_GRAPHS = 11;
  private static final int DEEPEST = 64;

  private final Set<String> operators = new TreeSet<>();

  private OnnxOperators() {}

  /**
   * {@return the names of all operators of a model, those in the bodies of loops and functions included}
   *
   * @throws IllegalArgumentException if it is not a complete ONNX file
   */
  public static Set<String> of(byte[] model) {
    OnnxOperators found = new OnnxOperators();
    try {
      found.model(ByteBuffer.wrap(model));
    } catch (BufferUnderflowException e) {
      throw new IllegalArgumentException("a message is cut off", e);
    }
    return found.operators;
  }

  private void model(ByteBuffer message) {
    fields(message, (field, value) -> {
      if (field == MODEL_GRAPH) {
        nodes(GRAPH_NODE, value, 0);
      } else if (field == MODEL_FUNCTION) {
        nodes(FUNCTION_NODE, value, 0);
      }
    });
  }

  private void nodes(int nodeField, ByteBuffer message, int depth) {
    if (depth > DEEPEST) {
      throw new IllegalArgumentException("graphs are nested too deeply");
    }
    fields(message, (field, value) -> {
      if (field == nodeField) {
        node(value, depth);
      }
    });
  }

  private void node(ByteBuffer message, int depth) {
    fields(message, (field, value) -> {
      if (field == NODE_OPERATOR) {
        operators.add(UTF_8.decode(value).toString());
      } else if (field == NODE_ATTRIBUTE) {
        attribute(value, depth);
      }
    });
  }

  private void attribute(ByteBuffer message, int depth) {
    fields(message, (field, value) -> {
      if (field == ATTRIBUTE_GRAPH || field == ATTRIBUTE_GRAPHS) {
        nodes(GRAPH_NODE, value, depth + 1);
      }
    });
  }

  private interface Field {
    void accept(int number, ByteBuffer value);
  }

  /** Visits a message's fields that are messages, strings or packed, and skips the others. */
  private static void fields(ByteBuffer message, Field visitor) {
    while (message.hasRemaining()) {
      long tag = varint(message);
      switch ((int) (tag & 7)) {
        case 0 -> varint(message);
        case 1 -> skip(message, Long.BYTES);
        case 2 -> {
          long length = varint(message);
          if (length < 0 || length > message.remaining()) {
            throw new IllegalArgumentException("a field is longer than its message");
          }
          ByteBuffer value = message.slice(message.position(), (int) length);
          skip(message, (int) length);
          visitor.accept((int) (tag >>> 3), value);
        }
        case 5 -> skip(message, Integer.BYTES);
        default -> throw new IllegalArgumentException("a field is of no known kind");
      }
    }
  }

  private static void skip(ByteBuffer message, int length) {
    if (length > message.remaining()) {
      throw new BufferUnderflowException();
    }
    message.position(message.position() + length);
  }

  private static long varint(ByteBuffer message) {
    long value = 0;
    for (int shift = 0; shift < Long.SIZE; shift += 7) {
      byte next = message.get();
      value |= (next & 0x7fL) << shift;
      if (next >= 0) {
        return value;
      }
    }
    throw new IllegalArgumentException("a number is too long");
  }
}
