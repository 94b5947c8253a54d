package io.fairlead.platform;

import io.fairlead.grammar.Container;
import io.fairlead.grammar.Dependencies;
import io.fairlead.grammar.Endpoint;
import io.fairlead.grammar.ModelArtifact;
import io.fairlead.grammar.Routing;
import io.fairlead.grammar.RuntimeSpec;
import io.fairlead.grammar.Scaling;
import io.fairlead.json.GrammarJson;

/** A process that loads the library, or nothing, and opens no platform: {@code core/src/jmh/start-up} compares both. */
public final class StartUp {
  private StartUp() {}

  /** Does nothing; with an argument, asks for the providers on the class path, and writes and reads an endpoint. */
  public static void main(String[] args) {
    if (args.length > 0) {
      Library.load();
    }
  }

  /** Apart, so that the process that does nothing loads no class of the library. */
  private static final class Library {
    static void load() {
      Endpoint endpoint = new Endpoint(
          new Container(
              ModelArtifact.huggingFace("org/name"),
              RuntimeSpec.of("registry.example/server:1"),
              Dependencies.NONE),
          Scaling.between("ml.m5.large", 1, 3),
          new Routing("churn", "blue"));
      Endpoint read = GrammarJson.read(GrammarJson.write(endpoint), Endpoint.class);
      if (!read.equals(endpoint)) {
        throw new IllegalStateException("read " + read);
      }
      System.out.println(Platforms.available(EndpointPlatform.class) + " "
          + Platforms.available(FunctionPlatform.class) + " "
          + Platforms.available(StatefulPlatform.class));
    }
  }
}
