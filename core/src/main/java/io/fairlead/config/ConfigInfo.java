package io.fairlead.config;

import io.fairlead.grammar.Endpoint;
import io.fairlead.grammar.ModelArtifact;
import io.fairlead.grammar.Redacted;
import io.fairlead.grammar.Served;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** What an application serves and where, for people: names, ids and locations, without settings and secrets. */
public final class ConfigInfo {
  private ConfigInfo() {}

  /**
   * {@return the platforms, endpoints and functions of an application, as nested maps of texts and flags}
   *
   * @param platforms the platforms' ids, by their names
   */
  public static Map<String, Object> of(Map<String, String> platforms, List<Declared<?>> declared) {
    Map<String, Object> endpoints = new LinkedHashMap<>();
    Map<String, Object> functions = new LinkedHashMap<>();
    for (Declared<?> each : declared) {
      (each.type() == Endpoint.class ? endpoints : functions).put(each.name(), of(each));
    }
    Map<String, Object> info = new LinkedHashMap<>();
    String version = ConfigInfo.class.getPackage().getImplementationVersion();
    if (version != null) {
      info.put("version", version);
    }
    info.put("platforms", Collections.unmodifiableMap(new LinkedHashMap<>(platforms)));
    info.put("endpoints", endpoints);
    info.put("functions", functions);
    return info;
  }

  private static Map<String, Object> of(Declared<?> declared) {
    Served value = declared.value();
    ModelArtifact model = value.artifact();
    Map<String, Object> info = new LinkedHashMap<>();
    info.put("platform", declared.platform());
    if (value instanceof Endpoint endpoint) {
      info.put("variant", endpoint.routing().variant());
    }
    info.put("model", Redacted.uri(model.weights()));
    model.metadata().framework().ifPresent(framework -> info.put("framework", framework));
    model.metadata().version().ifPresent(version -> info.put("framework-version", version));
    info.put("deploy-at-start", declared.deployAtStart());
    return info;
  }
}
