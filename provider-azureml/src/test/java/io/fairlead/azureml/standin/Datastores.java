package io.fairlead.azureml.standin;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.Supplier;

/** The datastores that each workspace has: the default one, and the one of the studio. */
final class Datastores {
  static final String DEFAULT = "workspaceblobstore";
  static final String CONTAINER = "azureml-blobstore";
  static final String KEY = "c3RhbmQtaW4ta2V5LW9mLWEtc3RvcmFnZS1hY2NvdW50";

  private static final String OTHER = "workspaceworkingdirectory";

  private final Workspace workspace;
  private String credentials = "AccountKey";
  private String endpoint = "core.windows.net";
  private String protocol = "https";
  private boolean hasDefault = true;

  Datastores(Workspace workspace) {
    this.workspace = workspace;
  }

  void credentials(String type) {
    credentials = type;
  }

  void endpoint(String newProtocol, String newEndpoint) {
    protocol = newProtocol;
    endpoint = newEndpoint;
  }

  void hasDefault(boolean has) {
    hasDefault = has;
  }

  Answer answer(Call call) {
    return switch (call.target().call()) {
      case "LIST datastores" -> Documents.page(call, workspace, listed(call));
      case "GET datastores" -> Answer.json(200, describe(existing(call)));
      case "POST listSecrets" -> secrets(existing(call));
      default -> throw Arm.notAllowed(call);
    };
  }

  private SortedMap<String, Supplier<ObjectNode>> listed(Call call) {
    String asked = call.query("isDefault");
    TreeMap<String, Supplier<ObjectNode>> all = new TreeMap<>();
    for (String name : new String[] {DEFAULT, OTHER}) {
      if (asked.isEmpty() || Boolean.parseBoolean(asked) == isDefault(name)) {
        all.put(name, () -> describe(name));
      }
    }
    return all;
  }

  private boolean isDefault(String name) {
    return hasDefault && name.equals(DEFAULT);
  }

  private static String existing(Call call) {
    String name = call.target().name(0);
    if (!name.equals(DEFAULT) && !name.equals(OTHER)) {
      throw AzureError.notFound(call.path());
    }
    return name;
  }

  private Answer secrets(String name) {
    if (name.equals(DEFAULT) && !credentials.equals("AccountKey")) {
      throw AzureError.badRequest("UserError", "The datastore " + name + " has no secrets.");
    }
    return Answer.json(200, Json.object().put("secretsType", "AccountKey").put("key", KEY));
  }

  private ObjectNode describe(String name) {
    ObjectNode put = Json.object();
    ObjectNode properties = put.putObject("properties");
    properties.put("datastoreType", name.equals(DEFAULT) ? "AzureBlob" : "AzureFile");
    properties.put("accountName", workspace.account());
    if (name.equals(DEFAULT)) {
      properties.put("containerName", CONTAINER);
    } else {
      properties.put("fileShareName", "code-391ff5ac");
    }
    properties.put("endpoint", endpoint);
    properties.put("protocol", protocol);
    properties.put("isDefault", isDefault(name));
    properties.put("serviceDataAccessAuthIdentity", "None");
    properties
        .putObject("credentials")
        .put("credentialsType", name.equals(DEFAULT) ? credentials : "AccountKey");
    return Documents.described(
        put,
        workspace.resourceId() + "/datastores/" + name,
        Documents.TYPES + "/datastores",
        Workspace.MADE,
        Workspace.MADE);
  }
}
