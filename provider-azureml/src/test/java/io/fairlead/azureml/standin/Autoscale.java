package io.fairlead.azureml.standin;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.time.Duration;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.Consumer;
import java.util.function.Supplier;

/** Autoscale settings of Azure Monitor, which stay when what they scale is gone. */
final class Autoscale {
  private static final Duration LAG = Duration.ofMinutes(1);

  private record Setting(ObjectNode put, String created, String modified) {}

  private final Workspace workspace;
  private final TreeMap<String, Setting> settings = new TreeMap<>();

  Autoscale(Workspace workspace) {
    this.workspace = workspace;
  }

  void remains(Set<String> all) {
    settings.keySet().forEach(name -> all.add("autoscale " + name));
  }

  void remove(String name) {
    if (settings.remove(name) == null) {
      throw new IllegalArgumentException("there is no autoscale setting " + name);
    }
  }

  /** Changes a setting, or copies it under another name. */
  void edit(String name, String as, Consumer<ObjectNode> edit) {
    Setting before = settings.get(name);
    ObjectNode put = before.put().deepCopy();
    edit.accept(put);
    settings.put(as, new Setting(put, before.created(), workspace.now()));
  }

  Answer answer(Call call) {
    return switch (call.target().call()) {
      case "LIST autoscalesettings" -> Documents.page(call, workspace, listed());
      case "GET autoscalesettings" -> Answer.json(200, describe(existing(call)));
      case "PUT autoscalesettings" -> put(call);
      case "DELETE autoscalesettings" -> delete(call);
      default -> throw Arm.notAllowed(call);
    };
  }

  private SortedMap<String, Supplier<ObjectNode>> listed() {
    TreeMap<String, Supplier<ObjectNode>> all = new TreeMap<>();
    settings.keySet().forEach(name -> all.put(name, () -> describe(name)));
    return all;
  }

  private String existing(Call call) {
    String name = call.target().name(0);
    if (!settings.containsKey(name)) {
      throw AzureError.notFound("Microsoft.Insights/autoscalesettings/" + name);
    }
    return name;
  }

  private ObjectNode describe(String name) {
    Setting setting = settings.get(name);
    ObjectNode said = Documents.described(
        setting.put(),
        workspace.groupId() + "/providers/microsoft.insights/autoscalesettings/" + name,
        "Microsoft.Insights/autoscaleSettings",
        setting.created(),
        setting.modified());
    ObjectNode properties = Json.within(said, "properties");
    properties.put("name", name);
    for (JsonNode profile : properties.path("profiles")) {
      for (JsonNode rule : profile.path("rules")) {
        if (rule.path("metricTrigger") instanceof ObjectNode trigger) {
          trigger.put("threshold", trigger.path("threshold").asDouble());
        }
      }
    }
    return said;
  }

  private Answer put(Call call) {
    String name = call.target().name(0);
    ObjectNode body = call.json();
    check(body);
    Setting old = settings.get(name);
    String now = workspace.now();
    settings.put(name, new Setting(body, old == null ? now : old.created(), now));
    String target = target(body);
    workspace.in(LAG, () -> scale(target));
    return Answer.json(old == null ? 201 : 200, describe(name));
  }

  private Answer delete(Call call) {
    return Answer.empty(settings.remove(call.target().name(0)) == null ? 204 : 200);
  }

  private static String target(ObjectNode body) {
    return Json.text(body.path("properties"), "targetResourceUri");
  }

  private void check(ObjectNode body) {
    JsonNode properties = body.path("properties");
    if (Json.text(body, "location").isEmpty()) {
      throw AzureError.of(
          400, "LocationRequired", "The location property is required for this definition.");
    }
    if (workspace.deployments().withId(target(body)).isEmpty()) {
      throw AzureError.of(
          400, "ResourceNotFound", "The targetResourceUri was not found: " + target(body));
    }
    if (properties.path("profiles").isEmpty()) {
      throw invalid("There has to be a profile.");
    }
    for (JsonNode profile : properties.path("profiles")) {
      checkProfile(profile);
    }
  }

  private static void checkProfile(JsonNode profile) {
    for (String member : new String[] {"minimum", "maximum", "default"}) {
      JsonNode value = profile.path("capacity").path(member);
      if (!value.isTextual() || !value.asText().matches("\\d+")) {
        throw invalid("The " + member + " of the capacity is not a number in a string: " + value);
      }
    }
    if (capacity(profile, "minimum") > capacity(profile, "maximum")
        || capacity(profile, "default") < capacity(profile, "minimum")
        || capacity(profile, "default") > capacity(profile, "maximum")) {
      throw invalid("The capacity has no order: " + profile.path("capacity"));
    }
    if (!profile.path("rules").isArray() || Json.text(profile, "name").isEmpty()) {
      throw invalid("A profile has a name and rules.");
    }
  }

  private static AzureError invalid(String message) {
    return AzureError.of(400, "BadRequest", message);
  }

  private static int capacity(JsonNode profile, String member) {
    return Integer.parseInt(profile.path("capacity").path(member).asText());
  }

  private Optional<JsonNode> profile(String armId) {
    return settings.values().stream()
        .map(setting -> setting.put().path("properties"))
        .filter(properties -> properties.path("enabled").asBoolean(true))
        .filter(properties -> Json.text(properties, "targetResourceUri").equalsIgnoreCase(armId))
        .map(properties -> properties.path("profiles").path(0))
        .findFirst();
  }

  /** {@return how many instances a deployment that had so many is brought to, if it is scaled} */
  Optional<Integer> capacity(String armId, int before) {
    return profile(armId)
        .map(profile ->
            Math.max(capacity(profile, "minimum"), Math.min(capacity(profile, "maximum"), before)));
  }

  private void scale(String armId) {
    workspace
        .deployments()
        .withId(armId)
        .filter(one -> !one.isBusy())
        .ifPresent(one -> capacity(armId, one.capacity()).ifPresent(instances -> {
          one.capacity(instances);
          if (one.serving != null) {
            one.serving = one.put.deepCopy();
          }
        }));
  }
}
