package io.fairlead.platform;

import io.fairlead.grammar.Container;
import io.fairlead.grammar.Dependencies;
import io.fairlead.grammar.Endpoint;
import io.fairlead.grammar.ModelArtifact;
import io.fairlead.grammar.Routing;
import io.fairlead.grammar.RuntimeSpec;
import io.fairlead.grammar.Scaling;
import io.fairlead.json.GrammarJson;
import java.util.ServiceLoader;

/** A process that loads a part of the library and opens no platform: {@code core/src/jmh/start-up} compares them. */
public final class StartUp {
  private StartUp() {}

  /** Takes the part: {@code nothing}, {@code service}, {@code platforms} or {@code json}. */
  public static void main(String[] args) {
    switch (args[0]) {
      case "service" ->
        System.out.println(ServiceLoader.load(Unknown.class).findFirst().isEmpty());
      case "platforms" -> Providers.find();
      case "json" -> Json.writeAndRead();
      default -> {}
    }
  }

  /** A service that nobody provides: to look for it is to open each jar, which an application's first service costs. */
  private interface Unknown {}

  // Apart, so that a process loads no class of another part.
  private static final class Providers {
    static void find() {
      System.out.println(Platforms.available(EndpointPlatform.class) + " "
          + Platforms.available(FunctionPlatform.class) + " "
          + Platforms.available(StatefulPlatform.class));
    }
  }

  private static final class Json {
    static void writeAndRead() {
      Endpoint endpoint = new Endpoint(
          new Container(
              ModelArtifact.huggingFace("org/name"),
              RuntimeSpec.of("registry.example/server:1"),
              Dependencies.NONE),
          Scaling.between("ml.m5.large", 1, 3),
          new Routing("churn", "blue"));
      String json = GrammarJson.write(endpoint);
      Endpoint read = GrammarJson.read(json, Endpoint.class);
      // Not by equals, whose first use the JDK links for each type of record.
      if (!GrammarJson.write(read).equals(json)) {
        throw new IllegalStateException("read " + read);
      }
      System.out.println(read.name());
    }
  }
}
