package io.fairlead.stateful.internal.features;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** A node of an ONNX graph: an operator, the names of its inputs and outputs, and its attributes. */
final class OnnxNode {
  static final String ML = "ai.onnx.ml";

  private static final int INPUT_FIELD = 1;
  private static final int OUTPUT_FIELD = 2;
  private static final int OPERATOR_FIELD = 4;
  private static final int ATTRIBUTE_FIELD = 5;
  private static final int DOMAIN_FIELD = 7;
  private static final int MOST_NAMES = 1 << 16;

  private final String domain;
  private final String operator;
  private final List<String> inputs;
  private final List<String> outputs;
  private final Map<String, OnnxAttribute> attributes;

  private OnnxNode(
      String domain,
      String operator,
      List<String> inputs,
      List<String> outputs,
      Map<String, OnnxAttribute> attributes) {
    this.domain = domain;
    this.operator = operator;
    this.inputs = inputs;
    this.outputs = outputs;
    this.attributes = attributes;
  }

  static OnnxNode read(ProtobufCursor fields) throws NoCellsException {
    String domain = "";
    String operator = "";
    List<String> inputs = new ArrayList<>();
    List<String> outputs = new ArrayList<>();
    Map<String, OnnxAttribute> attributes = new HashMap<>();
    while (fields.next()) {
      switch (fields.field()) {
        case INPUT_FIELD -> inputs.add(fields.text());
        case OUTPUT_FIELD -> outputs.add(fields.text());
        case OPERATOR_FIELD -> operator = fields.text();
        case DOMAIN_FIELD -> domain = fields.text();
        case ATTRIBUTE_FIELD -> {
          OnnxAttribute attribute = OnnxAttribute.read(fields.message());
          if (attributes.put(attribute.name(), attribute) != null) {
            throw new NoCellsException("The operator '" + operator + "' has the attribute "
                + attribute.name() + " twice.");
          }
        }
        default -> {}
      }
      if (inputs.size() + outputs.size() + attributes.size() > MOST_NAMES) {
        throw new NoCellsException("The operator '" + operator + "' has too many inputs.");
      }
    }
    return new OnnxNode(
        domain.equals("ai.onnx") ? "" : domain, operator, inputs, outputs, attributes);
  }

  /** {@return the set of operators; empty for the default one} */
  String domain() {
    return domain;
  }

  String operator() {
    return operator;
  }

  boolean is(String ofDomain, String name) {
    return domain.equals(ofDomain) && operator.equals(name);
  }

  List<String> inputs() {
    return inputs;
  }

  List<String> outputs() {
    return outputs;
  }

  Iterable<String> attributeNames() {
    return attributes.keySet();
  }

  @Nullable
  OnnxAttribute find(String name) {
    return attributes.get(name);
  }

  OnnxAttribute attribute(String name) throws NoCellsException {
    OnnxAttribute attribute = attributes.get(name);
    if (attribute == null) {
      throw new NoCellsException("The operator '" + operator + "' has no attribute " + name + ".");
    }
    return attribute;
  }

  /** {@return the whole number of an attribute, or another if it is absent} */
  long number(String name, long otherwise) throws NoCellsException {
    OnnxAttribute attribute = attributes.get(name);
    return attribute == null ? otherwise : attribute.number();
  }

  /** {@return the number of an attribute, or another if it is absent} */
  float floating(String name, float otherwise) throws NoCellsException {
    OnnxAttribute attribute = attributes.get(name);
    return attribute == null ? otherwise : attribute.floating();
  }
}
