package io.fairlead.azureml.standin;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.NullNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.time.Duration;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.function.Supplier;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Online endpoints. */
final class Endpoints {
  static final Pattern NAME = Pattern.compile("(?=.{3,32}$)[a-zA-Z][a-zA-Z0-9]*(-[a-zA-Z0-9]+)*");

  private static final Set<String> AUTH_MODES = Set.of("Key", "AMLToken", "AADToken");
  private static final int MOST_MIRRORED = 50;

  private final Workspace workspace;
  private final ConcurrentSkipListMap<String, EndpointState> endpoints =
      new ConcurrentSkipListMap<>();
  private final Set<String> taken = new TreeSet<>();
  private Duration tokenLife = Duration.ofHours(12);
  private boolean patchMerges;
  private boolean tellsOld;
  private boolean keepsFailed;
  private int replaceStatus = 200;

  Endpoints(Workspace workspace) {
    this.workspace = workspace;
  }

  // ---- what a test says ----

  void take(String name) {
    taken.add(name);
  }

  void tokenLife(Duration life) {
    tokenLife = life;
  }

  void patchMerges(boolean merges) {
    patchMerges = merges;
  }

  void tellsOld(boolean tells) {
    tellsOld = tells;
  }

  void keepsFailed(boolean keeps) {
    keepsFailed = keeps;
  }

  void replaceStatus(int status) {
    replaceStatus = status;
  }

  Set<String> names() {
    return new TreeSet<>(endpoints.keySet());
  }

  void remains(Set<String> all) {
    endpoints.forEach((name, endpoint) -> {
      all.add("endpoint " + name);
      endpoint
          .deployments
          .keySet()
          .forEach(deployment -> all.add("deployment " + name + "/" + deployment));
    });
  }

  @Nullable
  EndpointState find(String name) {
    return endpoints.get(name);
  }

  EndpointState existing(String name) {
    EndpointState endpoint = endpoints.get(name);
    if (endpoint == null) {
      throw AzureError.notFound(id(name));
    }
    return endpoint;
  }

  String id(String name) {
    return workspace.resourceId() + "/onlineEndpoints/" + name;
  }

  // ---- what is asked ----

  Answer answer(Call call) {
    return switch (call.target().call()) {
      case "LIST onlineEndpoints" -> Documents.page(call, workspace, listed());
      case "GET onlineEndpoints" ->
        Answer.json(200, describe(existing(call.target().name(0))));
      case "PUT onlineEndpoints" -> put(call);
      case "PATCH onlineEndpoints" -> patch(call);
      case "DELETE onlineEndpoints" -> delete(call);
      case "POST listKeys" -> keys(existing(call.target().name(0)));
      case "POST regenerateKeys" -> regenerate(call, existing(call.target().name(0)));
      case "POST token" -> token(existing(call.target().name(0)));
      default -> throw Arm.notAllowed(call);
    };
  }

  private SortedMap<String, Supplier<ObjectNode>> listed() {
    TreeMap<String, Supplier<ObjectNode>> all = new TreeMap<>();
    endpoints.forEach((name, endpoint) -> all.put(name, () -> describe(endpoint)));
    return all;
  }

  ObjectNode describe(EndpointState endpoint) {
    ObjectNode said = Documents.described(
        tellsOld && endpoint.before != null ? endpoint.before : endpoint.put,
        id(endpoint.name),
        Documents.TYPES + "/onlineEndpoints",
        endpoint.created,
        endpoint.modified);
    Json.within(said, "tags");
    said.put("kind", "Managed");
    if (said.get("identity") instanceof ObjectNode identity
        && Json.text(identity, "type").contains("SystemAssigned")) {
      identity.put("principalId", workspace.id());
      identity.put("tenantId", Workspace.TENANT);
    }
    ObjectNode properties = Json.within(said, "properties");
    Json.within(properties, "traffic");
    Json.within(properties, "mirrorTraffic");
    properties.putNull("keys");
    properties.put("provisioningState", endpoint.state);
    if (!properties.has("publicNetworkAccess")) {
      properties.put("publicNetworkAccess", "Enabled");
    }
    if (endpoint.isReachable) {
      properties.put("scoringUri", workspace.scoringUri(endpoint.name, "/score"));
      properties.put("swaggerUri", workspace.scoringUri(endpoint.name, "/swagger.json"));
    } else {
      properties.putNull("scoringUri");
      properties.putNull("swaggerUri");
    }
    ObjectNode more = Json.within(properties, "properties");
    more.put("azureml.onlineendpointid", id(endpoint.name).toLowerCase(Locale.ROOT));
    if (!endpoint.operationUrl.isEmpty()) {
      more.put("AzureAsyncOperationUri", endpoint.operationUrl);
    }
    return said;
  }

  // ---- PUT ----

  private Answer put(Call call) {
    String name = call.target().name(0);
    ObjectNode body = call.json();
    EndpointState endpoint = endpoints.get(name);
    workspace.checkCondition(call, endpoint != null);
    if (endpoint != null && endpoint.isBusy()) {
      throw AzureError.busy("endpoint " + name);
    }
    check(name, body, endpoint);
    Answer answer;
    if (endpoint == null) {
      endpoint = new EndpointState(name, workspace.now(), stored(body, null));
      endpoint.primaryKey = key(body, "primaryKey");
      endpoint.secondaryKey = key(body, "secondaryKey");
      endpoints.put(name, endpoint);
    } else {
      ObjectNode stored = stored(body, endpoint.put);
      endpoint.before = endpoint.put;
      endpoint.put = stored;
      endpoint.state = "Updating";
      endpoint.modified = workspace.now();
    }
    boolean isNew = endpoint.before == null;
    String id = begin(call, endpoint);
    answer = Answer.json(isNew ? 201 : replaceStatus, describe(endpoint));
    return workspace.operations().created(call, id, answer);
  }

  private String begin(Call call, EndpointState endpoint) {
    String id = workspace.operations().begin(call, "oe", new Operations.Change() {
      @Override
      public void succeed() {
        endpoint.settle();
      }

      @Override
      public Optional<ObjectNode> result() {
        return Optional.of(describe(endpoint));
      }

      @Override
      public void fail(boolean isCanceled) {
        if (endpoint.before != null && !keepsFailed) {
          endpoint.put = endpoint.before;
        }
        endpoint.before = null;
        endpoint.state = isCanceled ? "Canceled" : "Failed";
      }
    });
    endpoint.operationUrl = workspace.operations().statusUrl(call, id);
    return id;
  }

  private String key(ObjectNode body, String which) {
    String given = Json.text(body.path("properties").path("keys"), which);
    return given.isEmpty() ? which + "-" + workspace.newId() : given;
  }

  /** {@return what is kept of a document: all but what only the service says} */
  static ObjectNode stored(ObjectNode body, @Nullable ObjectNode old) {
    ObjectNode stored = body.deepCopy();
    if (old != null) {
      addOnly(stored, old);
    }
    ObjectNode properties = Json.within(stored, "properties");
    properties.remove(List.of("keys", "provisioningState", "scoringUri", "swaggerUri"));
    if (properties.get("properties") instanceof ObjectNode more) {
      more.remove(List.of("azureml.onlineendpointid", "AzureAsyncOperationUri"));
    }
    return stored;
  }

  /** Keeps what was in {@code properties.properties}, to which there can be added, and nothing else. */
  static void addOnly(ObjectNode stored, ObjectNode old) {
    JsonNode before = old.path("properties").path("properties");
    for (Map.Entry<String, JsonNode> one : before.properties()) {
      ObjectNode now = Json.within(Json.within(stored, "properties"), "properties");
      if (now.hasNonNull(one.getKey()) && !now.get(one.getKey()).equals(one.getValue())) {
        throw AzureError.badRequest(
            "UserError", "The property " + one.getKey() + " cannot be changed or removed.");
      }
      now.set(one.getKey(), one.getValue().deepCopy());
    }
  }

  private static Set<String> identities(ObjectNode endpoint) {
    Set<String> ids = new HashSet<>();
    endpoint
        .at("/identity/userAssignedIdentities")
        .fieldNames()
        .forEachRemaining(id -> ids.add(id.toLowerCase(Locale.ROOT)));
    return ids;
  }

  private void check(String name, ObjectNode body, @Nullable EndpointState endpoint) {
    JsonNode properties = body.path("properties");
    if (endpoint == null) {
      checkName(name);
    } else if (body.has("identity") && !identities(body).equals(identities(endpoint.put))) {
      throw AzureError.badRequest(
          "ValidationError", "The identity of an endpoint cannot be changed.");
    }
    if (Json.text(body, "location").isEmpty()) {
      throw AzureError.of(
          400, "LocationRequired", "The location property is required for this definition.");
    }
    if (!AUTH_MODES.contains(Json.text(properties, "authMode"))) {
      throw AzureError.badRequest(
          "ValidationError", "The authMode has to be one of Key, AMLToken and AADToken.");
    }
    Map<String, Integer> traffic = EndpointState.shares(body, "traffic");
    checkShares(traffic, endpoint);
    int sum = traffic.values().stream().mapToInt(Integer::intValue).sum();
    if (sum != 0 && sum != 100) {
      throw AzureError.badRequest(
          "BadArgument", "The traffic values have to sum to 0 or 100, and sum to " + sum + ".");
    }
    checkMirror(EndpointState.shares(body, "mirrorTraffic"), traffic, endpoint);
  }

  private void checkName(String name) {
    if (!NAME.matcher(name).matches()) {
      throw AzureError.badRequest(
          "BadArgument",
          "The endpoint name " + name + " is invalid: it has to begin with a letter, and to consist"
              + " of 3 to 32 letters, digits and single dashes.");
    }
    if (taken.contains(name) || workspace.namesElsewhere().contains(name)) {
      throw AzureError.badRequest(
          "BadArgument",
          "The endpoint name " + name + " is already in use in region " + workspace.location()
              + ". Try a different name.");
    }
  }

  private static void checkShares(Map<String, Integer> shares, @Nullable EndpointState endpoint) {
    shares.forEach((deployment, share) -> {
      DeploymentState found = endpoint == null ? null : endpoint.deployments.get(deployment);
      if (found == null) {
        throw AzureError.badRequest(
            "BadArgument", "The traffic names a deployment that does not exist: " + deployment);
      }
      if (share < 0 || share > 100) {
        throw AzureError.badRequest(
            "BadArgument", "The traffic of " + deployment + " is not within 0 and 100: " + share);
      }
      if (share > 0 && !found.state.equals("Succeeded")) {
        throw AzureError.badRequest(
            "BadArgument",
            "The deployment " + deployment + " cannot have traffic while it is in state "
                + found.state + ".");
      }
    });
  }

  private static void checkMirror(
      Map<String, Integer> mirror, Map<String, Integer> traffic, @Nullable EndpointState endpoint) {
    checkShares(mirror, endpoint);
    if (mirror.size() > 1) {
      throw AzureError.badRequest("BadArgument", "Traffic is mirrored to one deployment at most.");
    }
    mirror.forEach((deployment, share) -> {
      if (share > MOST_MIRRORED) {
        throw AzureError.badRequest(
            "BadArgument", "No more than " + MOST_MIRRORED + "% of the traffic is mirrored.");
      }
      if (share > 0 && traffic.getOrDefault(deployment, 0) > 0) {
        throw AzureError.badRequest(
            "BadArgument",
            "The deployment " + deployment + " has live traffic: none is mirrored to it.");
      }
    });
  }

  // ---- PATCH and DELETE ----

  private Answer patch(Call call) {
    EndpointState endpoint = existing(call.target().name(0));
    ObjectNode body = call.json();
    List<String> others = Arm.others(body, Set.of("tags", "identity"));
    if (!others.isEmpty()) {
      throw AzureError.badRequest(
          "ValidationError", "Only tags and identity can be patched, and not " + others + ".");
    }
    if (endpoint.isBusy()) {
      throw AzureError.busy("endpoint " + endpoint.name);
    }
    endpoint.before = endpoint.put.deepCopy();
    patch(endpoint.put, body, patchMerges);
    endpoint.state = "Updating";
    endpoint.modified = workspace.now();
    return workspace.operations().accepted(call, begin(call, endpoint));
  }

  /** Puts the members of a patch in the place of those of a document; tags may be merged. */
  static void patch(ObjectNode put, ObjectNode body, boolean mergesTags) {
    body.properties().forEach(member -> {
      if (member.getKey().equals("tags") && member.getValue() instanceof ObjectNode tags) {
        ObjectNode all = mergesTags ? Json.within(put, "tags").deepCopy() : Json.object();
        all.setAll(tags);
        Set<String> names = new LinkedHashSet<>();
        all.fieldNames().forEachRemaining(names::add);
        names.removeIf(name -> !(all.get(name) instanceof NullNode));
        all.remove(names);
        put.set("tags", all);
      } else {
        put.set(member.getKey(), member.getValue().deepCopy());
      }
    });
  }

  boolean patchMerges() {
    return patchMerges;
  }

  private Answer delete(Call call) {
    EndpointState endpoint = endpoints.get(call.target().name(0));
    if (endpoint == null) {
      return Answer.empty(204);
    }
    if (endpoint.isBusy()) {
      throw AzureError.busy("endpoint " + endpoint.name);
    }
    String stateBefore = endpoint.state;
    endpoint.state = "Deleting";
    String id = workspace.operations().begin(call, "oe", new Operations.Change() {
      @Override
      public void succeed() {
        endpoint.deployments.clear();
        endpoints.remove(endpoint.name);
      }

      @Override
      public void fail(boolean isCanceled) {
        endpoint.state = isCanceled ? stateBefore : "Failed";
      }
    });
    endpoint.operationUrl = workspace.operations().statusUrl(call, id);
    return workspace.operations().accepted(call, id);
  }

  /** Makes one as somebody else does, and at once. */
  void add(String name) {
    checkName(name);
    ObjectNode put = Json.object().put("location", workspace.location());
    put.putObject("properties").put("authMode", "Key");
    EndpointState endpoint = new EndpointState(name, workspace.now(), put);
    endpoint.primaryKey = "primary";
    endpoint.secondaryKey = "secondary";
    endpoint.settle();
    endpoints.put(name, endpoint);
  }

  /** Deletes an endpoint and what is deployed to it as somebody else does, and at once. */
  void remove(String name) {
    endpoints.remove(existing(name).name);
  }

  // ---- keys and tokens ----

  private static Answer keys(EndpointState endpoint) {
    requireMode(endpoint, "Key");
    return Answer.json(
        200,
        Json.object()
            .put("primaryKey", endpoint.primaryKey)
            .put("secondaryKey", endpoint.secondaryKey));
  }

  private static void requireMode(EndpointState endpoint, String mode) {
    if (!endpoint.authMode().equals(mode)) {
      throw AzureError.badRequest(
          "BadArgument",
          "The authMode of endpoint " + endpoint.name + " is " + endpoint.authMode() + ", not "
              + mode + ".");
    }
  }

  private Answer regenerate(Call call, EndpointState endpoint) {
    requireMode(endpoint, "Key");
    ObjectNode body = call.json();
    String type = Json.text(body, "keyType");
    if (!type.equals("Primary") && !type.equals("Secondary")) {
      throw AzureError.badRequest("ValidationError", "The keyType is Primary or Secondary.");
    }
    String given = Json.text(body, "keyValue");
    String key = given.isEmpty() ? type + "-" + workspace.newId() : given;
    String id = workspace.operations().begin(call, "oe", new Operations.Change() {
      @Override
      public void succeed() {
        regenerate(endpoint, type, key);
      }

      @Override
      public void fail(boolean isCanceled) {}
    });
    return workspace.operations().accepted(call, id);
  }

  private static void regenerate(EndpointState endpoint, String type, String key) {
    if (type.equals("Primary")) {
      endpoint.primaryKey = key;
    } else {
      endpoint.secondaryKey = key;
    }
  }

  /** Gives an endpoint two new keys as somebody else does, and at once. */
  void regenerateKeys(String name) {
    regenerate(existing(name), "Primary", "Primary-" + workspace.newId());
    regenerate(existing(name), "Secondary", "Secondary-" + workspace.newId());
  }

  private Answer token(EndpointState endpoint) {
    requireMode(endpoint, "AMLToken");
    long now = workspace.time().now().getEpochSecond();
    long end = now + tokenLife.toSeconds();
    return Answer.json(
        200,
        Json.object()
            .put("accessToken", "aml." + endpoint.name + "." + end + "." + workspace.newId())
            .put("expiryTimeUtc", end)
            .put("refreshAfterTimeUtc", now + tokenLife.dividedBy(2).toSeconds())
            .put("tokenType", "Bearer"));
  }

  /** {@return whether who sends this may be answered by an endpoint} */
  boolean mayInvoke(EndpointState endpoint, String token) {
    if (token.isEmpty() || workspace.arm().isExpired(token)) {
      return false;
    }
    boolean isKey = token.equals(endpoint.primaryKey) || token.equals(endpoint.secondaryKey);
    boolean isAml = token.startsWith("aml.");
    return switch (endpoint.authMode()) {
      case "Key" -> isKey;
      case "AMLToken" -> isAml && isValid(endpoint, token);
      default -> !isKey && !isAml;
    };
  }

  private boolean isValid(EndpointState endpoint, String token) {
    String[] parts = token.split("\\.", -1);
    return parts.length == 4
        && parts[1].equals(endpoint.name)
        && workspace.time().now().getEpochSecond() < Long.parseLong(parts[2]);
  }
}
