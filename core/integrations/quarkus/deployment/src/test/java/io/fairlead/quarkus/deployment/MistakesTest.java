package io.fairlead.quarkus.deployment;

import static org.assertj.core.api.Assertions.assertThat;

import io.quarkus.test.QuarkusUnitTest;
import org.jboss.shrinkwrap.api.asset.StringAsset;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

class MistakesTest {
  @RegisterExtension
  static final QuarkusUnitTest APPLICATION = new QuarkusUnitTest()
      .withApplicationRoot(jar -> jar.addAsResource(new StringAsset("""
              quarkus.http.test-port: 0
              fairlead:
                platforms:
                  local:
                    id: local
                    settings:
                      grace-perod: 1s
                endpoints:
                  ask:
                    modle: s3://models/bert
                    deploy-at-start: true
                start:
                  limit: soon
              """), "application.yaml"))
      .assertException(failure -> assertThat(failure)
          .hasStackTraceContaining("The configuration has 4 mistakes")
          .hasStackTraceContaining(
              "fairlead.endpoints.ask.modle is not a property: did you mean model?, in application.yaml:10")
          .hasStackTraceContaining("fairlead.endpoints.ask.model must be given")
          .hasStackTraceContaining(
              "fairlead.platforms.local.settings.grace-perod is not a setting: did you mean gracePeriod?")
          .hasStackTraceContaining("fairlead.start.limit must be a duration"));

  @Test
  void allMistakesFailTheStartTogether() {
    throw new AssertionError("the application started");
  }
}
