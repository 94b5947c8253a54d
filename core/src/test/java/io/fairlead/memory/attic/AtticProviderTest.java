package io.fairlead.memory.attic;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.fairlead.contract.VirtualTime;
import io.fairlead.error.ErrorKind;
import io.fairlead.error.ServingException;
import io.fairlead.grammar.Container;
import io.fairlead.grammar.Dependencies;
import io.fairlead.grammar.Endpoint;
import io.fairlead.grammar.InvalidValueException;
import io.fairlead.grammar.ModelArtifact;
import io.fairlead.grammar.Routing;
import io.fairlead.grammar.RuntimeSpec;
import io.fairlead.grammar.Scaling;
import io.fairlead.platform.EndpointPlatform;
import io.fairlead.platform.Request;
import io.fairlead.provider.TimeSource;
import io.fairlead.spi.PlatformConfig;
import java.net.URI;
import java.time.Duration;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What the guide says of its example beyond the contract. */
class AtticProviderTest {
  private static final Duration LIMIT = Duration.ofMinutes(1);

  private final VirtualTime time = new VirtualTime();
  private final Attic attic = new Attic(time, "here", Duration.ofSeconds(30));
  private final EndpointPlatform platform =
      AtticProvider.open(AtticKinds.of(attic), attic, time, new Random(1), () -> {});

  private final Container container =
      new Container(ModelArtifact.of(URI.create("attic:one")), RuntimeSpec.NONE, Dependencies.NONE);

  @AfterEach
  void close() {
    platform.close();
  }

  @Test
  void itOpensWithSettingsAsText() {
    try (EndpointPlatform opened = new AtticProvider().open(settings(Map.of("region", "loft")))) {
      assertThat(opened.id()).isEqualTo("attic");
      assertThat(opened.list()).isEmpty();
    }
  }

  @Test
  void allWrongSettingsAreToldAtOnce() {
    PlatformConfig settings = settings(Map.of("callTimeout", "soon", "regoin", "loft"));

    assertThatThrownBy(() -> new AtticProvider().open(settings))
        .isInstanceOf(InvalidValueException.class)
        .hasMessageContaining("region must be given")
        .hasMessageContaining("callTimeout")
        .hasMessageContaining("regoin");
  }

  @Test
  void aClientThatWasHandedInIsNotClosed() {
    Attic own = new Attic(TimeSource.system(), "loft", Duration.ofSeconds(30));

    new AtticProvider().open(AtticConfig.of("loft").withClient(own)).close();

    assertThat(own.isClosed()).isFalse();
  }

  @Test
  void allThatTheAtticForbidsIsRefusedAtOnceAndBeforeAnyCall() {
    Scaling nothing = Scaling.between(0, 1);

    assertThatThrownBy(
            () -> platform.deploy(container, nothing, new Routing("a".repeat(41), "blue")))
        .isInstanceOf(InvalidValueException.class)
        .hasMessageContaining("routing.name")
        .hasMessageContaining("scaling.instanceType")
        .hasMessageContaining("scaling.min");
    assertThat(attic.everything()).isEmpty();
  }

  @Test
  void aBoxThatBreaksIsTakenBackAndItsReasonIsTold() {
    ServingException failure = catchThrowableOfType(
        ServingException.class,
        () -> platform
            .deploy(container, Scaling.fixed("broken", 1), new Routing("ask", "blue"))
            .await(LIMIT));

    assertThat(failure.kind()).isEqualTo(ErrorKind.MODEL_FAILED);
    assertThat(failure).hasMessageContaining("no module named torch");
    assertThat(attic.everything()).isEmpty();
  }

  @Test
  void aPlanPrintsTheFieldsThatChange() {
    Endpoint blue = platform
        .deploy(container, Scaling.fixed("small", 1), new Routing("ask", "blue"))
        .await(LIMIT);
    assertThat(platform.invoke(blue, Request.json("7")).text()).isEqualTo("7");

    assertThat(platform.preview(p -> p.scale(blue, Scaling.fixed("small", 2))).toString())
        .contains("update box ask/blue (count: 1 -> 2)");
  }

  private static PlatformConfig settings(Map<String, String> values) {
    return new PlatformConfig("attic", values, AtticProviderTest.class.getClassLoader());
  }
}
