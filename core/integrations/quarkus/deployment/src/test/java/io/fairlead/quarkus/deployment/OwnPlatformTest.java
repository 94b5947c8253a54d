package io.fairlead.quarkus.deployment;

import static org.assertj.core.api.Assertions.assertThat;

import io.fairlead.grammar.Endpoint;
import io.fairlead.local.LocalConfig;
import io.fairlead.local.LocalProvider;
import io.fairlead.platform.EndpointPlatform;
import io.fairlead.platform.FunctionPlatform;
import io.fairlead.platform.Request;
import io.fairlead.serverless.ServerlessConfig;
import io.fairlead.serverless.ServerlessPlatform;
import io.fairlead.serverless.ServerlessProvider;
import io.quarkus.test.QuarkusUnitTest;
import jakarta.enterprise.inject.Disposes;
import jakarta.enterprise.inject.Produces;
import jakarta.inject.Inject;
import jakarta.inject.Named;
import jakarta.inject.Singleton;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** An application with platforms of its own: one replaces that of its type, the other that of its name. */
class OwnPlatformTest {
  @RegisterExtension
  static final QuarkusUnitTest APPLICATION = new QuarkusUnitTest()
      .withApplicationRoot(jar -> jar.addClasses(Echo.class, Own.class))
      .overrideConfigKey("quarkus.http.test-port", "0")
      .overrideConfigKey("fairlead.platforms.local.id", "local")
      .overrideConfigKey("fairlead.platforms.calls.id", "no such platform")
      .overrideConfigKey("fairlead.platforms.calls.settings.such", "none")
      .overrideConfigKey("fairlead.endpoints.echo.platform", "local")
      .overrideConfigKey("fairlead.endpoints.echo.model", "java:" + Echo.class.getName())
      .overrideConfigKey("fairlead.endpoints.echo.deploy-at-start", "true");

  @Inject
  EndpointPlatform local;

  @Inject
  FunctionPlatform calls;

  @Inject
  Endpoint echo;

  @Test
  void theApplicationsOwnWinsAndServesWhatTheConfigurationDeclares() {
    assertThat(Own.opened).isSameAs(local);
    assertThat(local.invoke(echo, Request.json("[1]")).text()).isEqualTo("[1]");
    assertThat(calls.id()).isEqualTo("serverless");
  }

  /** The application's own platforms. */
  static class Own {
    static EndpointPlatform opened;

    @Produces
    @Singleton
    EndpointPlatform mine() {
      opened = new LocalProvider().open(LocalConfig.DEFAULT);
      return opened;
    }

    void close(@Disposes EndpointPlatform mine) {
      mine.close();
    }

    @Produces
    @Singleton
    @Named("calls")
    ServerlessPlatform calls() {
      return new ServerlessProvider().open(ServerlessConfig.DEFAULT);
    }

    void close(@Disposes ServerlessPlatform calls) {
      calls.close();
    }
  }
}
