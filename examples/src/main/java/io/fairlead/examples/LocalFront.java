package io.fairlead.examples;

import io.fairlead.engine.ModelHandler;
import io.fairlead.grammar.Endpoint;
import io.fairlead.grammar.FunctionLimits;
import io.fairlead.grammar.ModelArtifact;
import io.fairlead.grammar.ModelFunction;
import io.fairlead.platform.EndpointPlatform;
import io.fairlead.serverless.HttpSettings;
import io.fairlead.serverless.ServerlessConfig;
import io.fairlead.serverless.ServerlessPlatform;
import io.fairlead.serverless.ServerlessProvider;
import java.net.URI;
import java.time.Duration;

/** An endpoint of the platform {@code local} over HTTP: a function at a URL, which passes each request on to it. */
final class LocalFront implements AutoCloseable {
  private static final String HANDLER = "endpoint";
  private static final Duration LIMIT = Duration.ofMinutes(1);

  private final ServerlessPlatform functions;
  private final ModelFunction function;

  LocalFront(EndpointPlatform local, Endpoint endpoint, int port) {
    ModelHandler passOn = request -> local.invoke(endpoint, request);
    functions = new ServerlessProvider()
        .open(ServerlessConfig.DEFAULT
            .withFunction(HANDLER, passOn)
            .withHttp(HttpSettings.DEFAULT.withAddress(HttpSettings.DEFAULT.host(), port)));
    function = functions
        .deploy(
            ModelArtifact.of(URI.create("java:" + HANDLER)).named(endpoint.name()),
            FunctionLimits.DEFAULT)
        .await(LIMIT);
  }

  /** {@return where it answers} */
  URI url() {
    return functions.url(function);
  }

  @Override
  public void close() {
    functions.close();
  }
}
