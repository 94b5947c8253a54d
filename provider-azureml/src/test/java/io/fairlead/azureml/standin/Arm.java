package io.fairlead.azureml.standin;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.regex.Pattern;

/** Azure Resource Manager: who may ask, in which version, and for what. */
final class Arm {
  private static final String GROUPS = "/resourcegroups/";
  private static final Pattern VERSION = Pattern.compile("\\d{4}-\\d{2}-\\d{2}(-preview)?");

  private final Workspace workspace;
  private final Set<String> expired = new HashSet<>();
  private boolean lowerCase;

  Arm(Workspace workspace) {
    this.workspace = workspace;
  }

  /** {@return a method that something does not have} */
  static AzureError notAllowed(Call call) {
    return AzureError.of(
        405, "HttpMethodNotAllowed", call.method() + " is not allowed at " + call.path());
  }

  void lowerCase(boolean isTold) {
    lowerCase = isTold;
  }

  void expire(String token) {
    expired.add(token);
  }

  boolean isExpired(String token) {
    return expired.contains(token);
  }

  static AzureError expired() {
    return AzureError.of(
            401, "ExpiredAuthenticationToken", "The access token expiry UTC time is in the past.")
        .with("WWW-Authenticate", "Bearer error=\"invalid_token\"");
  }

  Answer answer(Call call) {
    authenticate(call);
    String version = call.query("api-version");
    if (version.isEmpty()) {
      throw AzureError.of(
          400,
          "MissingApiVersionParameter",
          "The api-version query parameter (?api-version=) is required for all requests.");
    }
    if (!VERSION.matcher(version).matches()) {
      throw AzureError.of(
          400, "InvalidApiVersionParameter", "The api-version '" + version + "' is invalid.");
    }
    locate(call);
    Answer answer = route(call);
    return lowerCase ? inLowerCase(answer) : answer;
  }

  private Answer inLowerCase(Answer answer) {
    String id = workspace.resourceId();
    String said = new String(answer.body(), UTF_8).replace(id, id.toLowerCase(Locale.ROOT));
    return answer.withBody(said.getBytes(UTF_8));
  }

  private void authenticate(Call call) {
    if (call.token().isEmpty()) {
      throw AzureError.of(
              401,
              "AuthenticationFailed",
              "Authentication failed. The 'Authorization' header is missing.")
          .with(
              "WWW-Authenticate",
              "Bearer authorization_uri=\"https://login.microsoftonline.com/\"");
    }
    if (isExpired(call.token())) {
      throw expired();
    }
  }

  private void locate(Call call) {
    Target target = call.target();
    if (!target.owner().equalsIgnoreCase(workspace.subscription())) {
      throw AzureError.of(
          404,
          "SubscriptionNotFound",
          "The subscription '" + target.owner() + "' could not be found.");
    }
    String group = group(call.path());
    if (!group.isEmpty() && !group.equalsIgnoreCase(workspace.resourceGroup())) {
      throw AzureError.of(
          404, "ResourceGroupNotFound", "Resource group '" + group + "' could not be found.");
    }
    if (!target.workspace().isEmpty() && !target.workspace().equals(workspace.name())) {
      throw AzureError.notFound(
          "Microsoft.MachineLearningServices/workspaces/" + target.workspace());
    }
  }

  /** {@return the resource group that a path leads through; empty if there is none} */
  private static String group(String path) {
    int groups = path.toLowerCase(Locale.ROOT).indexOf(GROUPS);
    int from = groups + GROUPS.length();
    int end = groups < 0 ? -1 : path.indexOf('/', from);
    return end < 0 ? "" : path.substring(from, end);
  }

  private Answer route(Call call) {
    Target target = call.target();
    if (target.call().endsWith(" operation")) {
      return workspace.operations().answer(call);
    }
    return switch (target.kind()) {
      case "workspace" -> Answer.json(200, describe(call));
      case "datastores", "POST listSecrets" -> workspace.datastores().answer(call);
      case "models", "models/versions" -> workspace.models().answer(call);
      case "environments", "environments/versions" -> workspace.environments().answer(call);
      case "codes", "codes/versions" -> workspace.codes().answer(call);
      case "onlineEndpoints", "POST listKeys", "POST regenerateKeys", "POST token" ->
        workspace.endpoints().answer(call);
      case "deployments", "skus", "POST getLogs" -> workspace.deployments().answer(call);
      case "autoscalesettings" -> workspace.autoscale().answer(call);
      default -> throw AzureError.notFound(call.path());
    };
  }

  private ObjectNode describe(Call call) {
    if (!call.method().equals("GET")) {
      throw notAllowed(call);
    }
    ObjectNode put = Json.object();
    put.put("location", workspace.location());
    put.putObject("tags");
    ObjectNode identity = put.putObject("identity");
    identity.put("type", "SystemAssigned");
    ObjectNode properties = put.putObject("properties");
    properties.put("friendlyName", workspace.name());
    properties.put(
        "storageAccount",
        "/subscriptions/" + workspace.subscription() + "/resourceGroups/"
            + workspace.resourceGroup() + "/providers/Microsoft.Storage/storageAccounts/"
            + workspace.account());
    properties.put("provisioningState", "Succeeded");
    properties.put("workspaceId", workspace.id());
    return Documents.described(
        put, workspace.resourceId(), Documents.TYPES, Workspace.MADE, Workspace.MADE);
  }

  /** {@return the fields of a document that are not among those that a request may have} */
  static List<String> others(ObjectNode body, Set<String> allowed) {
    List<String> others = new ArrayList<>();
    body.fieldNames().forEachRemaining(field -> {
      if (!allowed.contains(field)) {
        others.add(field);
      }
    });
    return others;
  }
}
