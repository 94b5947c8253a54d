package io.fairlead.azureml.standin;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** A deployment: what it is to be, and what its instances serve. */
final class DeploymentState {
  final String name;
  final String created;
  final List<String> printed = new ArrayList<>();
  final List<String> printedInDownload = new ArrayList<>();

  /** What was put, with what has been patched since. */
  ObjectNode put;

  /** What its instances serve; null until the first of them did. */
  @Nullable
  ObjectNode serving;

  String state = "Creating";
  String modified;
  String operationUrl = "";

  DeploymentState(String name, String now, ObjectNode put) {
    this.name = name;
    this.put = put;
    created = now;
    modified = now;
  }

  boolean isBusy() {
    return switch (state) {
      case "Creating", "Updating", "Scaling", "Deleting" -> true;
      default -> false;
    };
  }

  int capacity() {
    return put.path("sku").path("capacity").asInt(1);
  }

  void capacity(int instances) {
    Json.within(put, "sku").put("capacity", instances);
  }

  String property(String property) {
    return Json.text(put.path("properties"), property);
  }
}
