package io.fairlead.azureml.standin;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * What a request is for.
 *
 * @param owner the subscription, or the storage account
 * @param workspace the workspace, in lower case; empty if the path names none
 * @param call what is done, such as {@code PUT deployments}, {@code LIST models/versions} or {@code POST listKeys}
 * @param kind the collection, such as {@code onlineEndpoints}, {@code models/versions}, {@code operation} or {@code blob}
 * @param names what it is done to, from the outside in
 */
record Target(
    Service service, String owner, String workspace, String call, String kind, List<String> names) {
  private static final String BLOB_HOST = ".blob.core.windows.net";

  /** Who answers. */
  enum Service {
    ARM,
    BLOBS,
    SCORING
  }

  static Target of(String method, String host, String rawPath, Map<String, String> query) {
    String path = rawPath.isEmpty() ? "/" : rawPath;
    if (host.endsWith(BLOB_HOST)) {
      path = "/" + host.substring(0, host.length() - BLOB_HOST.length()) + path;
      return blob(method, Call.segments(path), query);
    }
    List<String> segments = Call.segments(path);
    return switch (segments.get(0)) {
      case "subscriptions" -> arm(method, segments);
      case "scoring" -> scoring(method, segments);
      default -> blob(method, segments, query);
    };
  }

  private static Target scoring(String method, List<String> segments) {
    String owner = segments.size() > 1 ? segments.get(1) : "";
    List<String> names = segments.size() > 2 ? segments.subList(2, segments.size()) : List.of("");
    return new Target(Service.SCORING, owner, "", method + " score", "score", names);
  }

  private static Target blob(String method, List<String> segments, Map<String, String> query) {
    String comp = query.getOrDefault("comp", "");
    List<String> names = new ArrayList<>();
    if (segments.size() > 1) {
      names.add(segments.get(1));
    }
    if (segments.size() > 2) {
      names.add(String.join("/", segments.subList(2, segments.size())));
    }
    boolean isList = comp.equals("list");
    if (isList) {
      names.add(query.getOrDefault("prefix", ""));
    }
    String kind = comp.isEmpty() || isList ? (names.size() > 1 ? "blob" : "container") : comp;
    String call = isList ? "LIST blobs" : method + " " + kind;
    return new Target(Service.BLOBS, segments.get(0), "", call, kind, List.copyOf(names));
  }

  /** {@code /subscriptions/S/resourceGroups/G/providers/P/TYPE/NAME/TYPE/NAME}, or less. */
  private static Target arm(String method, List<String> segments) {
    String owner = segments.size() > 1 ? segments.get(1) : "";
    int locations = indexOf(segments, "locations");
    if (locations > 0 && segments.size() == locations + 4) {
      return new Target(
          Service.ARM,
          owner,
          "",
          method + " operation",
          segments.get(locations + 2),
          List.of(segments.get(locations + 3)));
    }
    int providers = indexOf(segments, "providers");
    if (providers < 0 || segments.size() < providers + 3) {
      return new Target(Service.ARM, owner, "", method + " resource", "resource", List.of());
    }
    boolean isWorkspace = segments.get(providers + 2).equalsIgnoreCase("workspaces");
    if (!isWorkspace) {
      List<String> rest = new ArrayList<>(segments.subList(providers + 2, segments.size()));
      rest.set(0, rest.get(0).toLowerCase(Locale.ROOT));
      return resource(method, owner, "", rest);
    }
    if (segments.size() < providers + 4) {
      return new Target(Service.ARM, owner, "", "LIST workspaces", "workspaces", List.of());
    }
    return resource(
        method,
        owner,
        segments.get(providers + 3).toLowerCase(Locale.ROOT),
        segments.subList(providers + 4, segments.size()));
  }

  private static Target resource(
      String method, String owner, String workspace, List<String> segments) {
    List<String> types = new ArrayList<>();
    List<String> names = new ArrayList<>();
    for (int i = 0; i + 1 < segments.size(); i += 2) {
      types.add(segments.get(i));
      names.add(segments.get(i + 1));
    }
    if (segments.isEmpty()) {
      return new Target(Service.ARM, owner, workspace, method + " workspace", "workspace", names);
    }
    String last = segments.get(segments.size() - 1);
    boolean isWhole = segments.size() % 2 == 0;
    if (!isWhole && method.equals("POST")) {
      return new Target(
          Service.ARM, owner, workspace, "POST " + last, "POST " + last, List.copyOf(names));
    }
    if (!isWhole) {
      types.add(last);
    }
    String type = types.get(types.size() - 1);
    String kind = type.equals("versions") ? types.get(0) + "/versions" : type;
    String call = (isWhole ? method : "LIST") + " " + kind;
    return new Target(Service.ARM, owner, workspace, call, kind, List.copyOf(names));
  }

  private static int indexOf(List<String> segments, String name) {
    for (int i = 0; i < segments.size(); i++) {
      if (segments.get(i).equalsIgnoreCase(name)) {
        return i;
      }
    }
    return -1;
  }

  boolean isList() {
    return call.startsWith("LIST ");
  }

  /** {@return the name that stands there} */
  String name(int index) {
    return names.get(index);
  }

  /** {@return what a test calls it: what is done, and to what} */
  @Override
  public String toString() {
    return names.isEmpty() ? call : call + " " + String.join("/", names);
  }
}
