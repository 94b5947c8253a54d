package io.fairlead.azureml.standin;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.Supplier;
import java.util.regex.Pattern;

/** Models, environments or code: containers, which stay when they are empty, and their versions, which do not change. */
final class Assets {
  private static final Pattern NAME = Pattern.compile("[a-zA-Z0-9][a-zA-Z0-9\\-_]{0,254}");

  private static final class Container {
    ObjectNode put = Json.object();
    final String created;
    String modified;
    String lastMade = "";
    final TreeMap<String, Version> versions = new TreeMap<>();

    Container(String now) {
      created = now;
      modified = now;
    }
  }

  private static final class Version {
    ObjectNode put;
    final String created;
    String modified;

    Version(ObjectNode put, String now) {
      this.put = put;
      created = now;
      modified = now;
    }
  }

  private final Workspace workspace;
  private final String collection;
  private final String word;
  private final String required;
  private final List<String> fixed;
  private final TreeMap<String, Container> containers = new TreeMap<>();
  private final TreeMap<String, String> deleted = new TreeMap<>();
  private boolean cascades;
  private boolean keepsNames;
  private boolean keepsLatest;

  /**
   * Makes a collection without any.
   *
   * @param word what remains of it is called
   * @param required the property that a version must have; empty if there is none
   * @param fixed the properties of a version that cannot change
   */
  Assets(Workspace workspace, String collection, String word, String required, List<String> fixed) {
    this.workspace = workspace;
    this.collection = collection;
    this.word = word;
    this.required = required;
    this.fixed = fixed;
  }

  void cascades(boolean areDeletedWithVersions) {
    cascades = areDeletedWithVersions;
  }

  void keepsNames(boolean areTakenForEver) {
    keepsNames = areTakenForEver;
  }

  void keepsLatest(boolean isToldWhenDeleted) {
    keepsLatest = isToldWhenDeleted;
  }

  void remains(Set<String> all) {
    containers.forEach((name, container) -> {
      if (container.versions.isEmpty()) {
        all.add(word + " container " + name);
      }
      container.versions.keySet().forEach(version -> all.add(word + " " + name + ":" + version));
    });
  }

  /** Makes a version as somebody else does. */
  void add(String name, String version, ObjectNode properties) {
    ObjectNode body = Json.object();
    body.set("properties", properties);
    Container container = containers.computeIfAbsent(name, key -> new Container(workspace.now()));
    container.versions.put(version, new Version(body, workspace.now()));
    container.lastMade = version;
  }

  /** Deletes a version as somebody else does. */
  void remove(String name, String version) {
    Container container = containers.get(name);
    if (container == null || container.versions.remove(version) == null) {
      throw new IllegalArgumentException("there is no " + word + " " + name + ":" + version);
    }
  }

  /** {@return a property of a version; empty if it has none} */
  String property(String name, String version, String property) {
    Container container = containers.get(name);
    Version found = container == null ? null : container.versions.get(version);
    return found == null ? "" : Json.text(found.put.path("properties"), property);
  }

  boolean has(String name, String version) {
    Container container = containers.get(name);
    return container != null && container.versions.containsKey(version);
  }

  Answer answer(Call call) {
    Target target = call.target();
    if (target.kind().equals(collection)) {
      return switch (target.call().split(" ", 2)[0]) {
        case "LIST" -> Documents.page(call, workspace, listed());
        case "GET" -> Answer.json(200, describe(target.name(0), container(call)));
        case "PUT" -> putContainer(call);
        case "DELETE" -> deleteContainer(call);
        default -> throw Arm.notAllowed(call);
      };
    }
    return switch (target.call().split(" ", 2)[0]) {
      case "LIST" -> Documents.page(call, workspace, versions(call));
      case "GET" -> Answer.json(200, describe(call, version(call)));
      case "PUT" -> putVersion(call);
      case "DELETE" -> deleteVersion(call);
      default -> throw Arm.notAllowed(call);
    };
  }

  // ---- containers ----

  private SortedMap<String, Supplier<ObjectNode>> listed() {
    TreeMap<String, Supplier<ObjectNode>> all = new TreeMap<>();
    containers.forEach((name, container) -> all.put(name, () -> describe(name, container)));
    return all;
  }

  private Container container(Call call) {
    Container container = containers.get(call.target().name(0));
    if (container == null) {
      throw AzureError.notFound(call.path());
    }
    return container;
  }

  private Answer putContainer(Call call) {
    String name = call.target().name(0);
    checkName(name);
    boolean isNew = !containers.containsKey(name);
    Container container = containers.computeIfAbsent(name, key -> new Container(workspace.now()));
    container.put = call.json();
    container.modified = workspace.now();
    return Answer.json(isNew ? 201 : 200, describe(name, container));
  }

  private Answer deleteContainer(Call call) {
    Container container = containers.get(call.target().name(0));
    if (container == null) {
      return Answer.empty(204);
    }
    if (!container.versions.isEmpty() && !cascades) {
      throw AzureError.conflict(
          "The container " + call.target().name(0) + " has versions and cannot be deleted.");
    }
    containers.remove(call.target().name(0));
    return Answer.empty(200);
  }

  private ObjectNode describe(String name, Container container) {
    ObjectNode said = Documents.described(
        container.put,
        workspace.resourceId() + "/" + collection + "/" + name,
        Documents.TYPES + "/" + collection,
        container.created,
        container.modified);
    ObjectNode properties = Json.within(said, "properties");
    properties.put("isArchived", false);
    String latest = latest(container);
    if (latest.isEmpty()) {
      properties.putNull("latestVersion");
    } else {
      properties.put("latestVersion", latest);
    }
    properties.put("provisioningState", "Succeeded");
    return said;
  }

  private String latest(Container container) {
    if (keepsLatest || container.versions.containsKey(container.lastMade)) {
      return container.lastMade;
    }
    return container.versions.isEmpty() ? "" : container.versions.lastKey();
  }

  // ---- versions ----

  private SortedMap<String, Supplier<ObjectNode>> versions(Call call) {
    TreeMap<String, Supplier<ObjectNode>> all = new TreeMap<>();
    container(call)
        .versions
        .forEach((name, version) ->
            all.put(name, () -> describe(call.target().name(0), name, version)));
    return all;
  }

  private Version version(Call call) {
    Version version = container(call).versions.get(call.target().name(1));
    if (version == null) {
      throw AzureError.notFound(call.path());
    }
    return version;
  }

  private Answer putVersion(Call call) {
    String name = call.target().name(0);
    String number = call.target().name(1);
    checkName(name);
    checkName(number);
    ObjectNode body = call.json();
    if (!required.isEmpty() && Json.text(body.path("properties"), required).isEmpty()) {
      throw AzureError.badRequest("ValidationError", "The " + required + " field is required.");
    }
    checkRoutes(body.path("properties").path("inferenceConfig"));
    if (!has(name, number)) {
      checkNotDeleted(name, number);
    }
    Container container = containers.computeIfAbsent(name, key -> new Container(workspace.now()));
    Version version = container.versions.get(number);
    if (version == null) {
      version = new Version(body, workspace.now());
      container.versions.put(number, version);
      container.lastMade = number;
      return Answer.json(201, describe(call, version));
    }
    for (String property : fixed) {
      String before = version.put.path("properties").path(property).toString();
      if (!before.equals(body.path("properties").path(property).toString())) {
        throw AzureError.conflict("The " + word + " " + name + " with version " + number
                + " exists already: its " + property + " cannot be changed.")
            .because("UserError", "Use another version.");
      }
    }
    Endpoints.addOnly(body, version.put);
    version.put = body;
    version.modified = workspace.now();
    return Answer.json(200, describe(call, version));
  }

  private void checkNotDeleted(String name, String number) {
    String date = deleted.get(name + ":" + number);
    if (date != null && keepsNames) {
      throw AzureError.conflict("Asset " + name + ":" + number + " was deleted at " + date
              + ", it cannot be recreated. Please try again with a different version.")
          .because("UserError", "Use another version.");
    }
  }

  private Answer deleteVersion(Call call) {
    Container container = containers.get(call.target().name(0));
    boolean wasThere =
        container != null && container.versions.remove(call.target().name(1)) != null;
    if (wasThere) {
      deleted.put(call.target().name(0) + ":" + call.target().name(1), workspace.now());
    }
    return Answer.empty(wasThere ? 200 : 204);
  }

  private ObjectNode describe(Call call, Version version) {
    return describe(call.target().name(0), call.target().name(1), version);
  }

  private ObjectNode describe(String name, String number, Version version) {
    ObjectNode said = Documents.described(
        version.put,
        workspace.resourceId() + "/" + collection + "/" + name + "/versions/" + number,
        Documents.TYPES + "/" + collection + "/versions",
        version.created,
        version.modified);
    ObjectNode properties = Json.within(said, "properties");
    properties.put("provisioningState", "Succeeded");
    Json.within(properties, "tags");
    Json.within(properties, "properties");
    return said;
  }

  /** Environments only have any. */
  private static void checkRoutes(JsonNode config) {
    for (Map.Entry<String, JsonNode> route : config.properties()) {
      if (Json.text(route.getValue(), "path").isEmpty()
          || !route.getValue().path("port").isInt()) {
        throw AzureError.badRequest(
            "ValidationError", "The " + route.getKey() + " has to have a path and a port.");
      }
    }
  }

  private static void checkName(String name) {
    if (!NAME.matcher(name).matches()) {
      throw AzureError.badRequest(
          "ValidationError", "The name " + name + " does not match " + NAME);
    }
  }
}
