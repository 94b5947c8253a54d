package io.fairlead.examples;

import io.fairlead.grammar.Endpoint;
import io.fairlead.platform.EndpointPlatform;
import io.fairlead.platform.Request;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestBody;
import org.springframework.web.bind.annotation.RestController;

/** The first piece of Java in docs/spring.md; {@link YamlBlocksTest} runs it. */
@RestController
class Flowers {
  private final EndpointPlatform platform;
  private final Endpoint iris;

  Flowers(EndpointPlatform platform, Endpoint iris) {
    this.platform = platform;
    this.iris = iris;
  }

  @PostMapping("/flowers")
  String flowers(@RequestBody String rows) {
    return platform.invoke(iris, Request.json(rows)).text();
  }
}
