package io.fairlead.platform;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.fairlead.error.ErrorKind;
import io.fairlead.error.ServingException;
import io.fairlead.platform.Capabilities.Level;
import io.fairlead.platform.FakeProviders.Good;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class CapabilitiesTest {
  private static final Capabilities ENDPOINTS = Capabilities.of(EndpointPlatform.class);

  @Test
  void theOperationsOfATypeAreThereAndThoseOfOthersAbsent() {
    assertThat(ENDPOINTS.has(Capability.ROUTE)).isTrue();
    assertThat(ENDPOINTS.support(Capability.URL).level()).isEqualTo(Level.ABSENT);
    assertThat(Capabilities.of(FunctionPlatform.class).support(Capability.ROUTE).level())
        .isEqualTo(Level.ABSENT);
    assertThat(Capabilities.of(StatefulPlatform.class).has(Capability.STATE)).isTrue();
  }

  @Test
  void aProviderThatSaysNothingClaimsNothing() {
    Capabilities said = new Good().capabilities();

    assertThat(said).isEqualTo(Capabilities.of(FunctionPlatform.class));
    assertThat(said.support(Capability.STREAMING)).hasToString("no");
    assertThat(said.support(Capability.INSTANCE_TYPE)).hasToString("absent");
  }

  @Test
  void whatIsSaidIsThereInWords() {
    Capabilities said = ENDPOINTS
        .with(Capability.STREAMING, Capability.IMAGE)
        .partly(Capability.SCALE_TO_ZERO, "as a component")
        .without(Capability.UPLOAD, "files are read where they lie");

    assertThat(said.has(Capability.IMAGE)).isTrue();
    assertThat(said.has(Capability.SCALE_TO_ZERO)).isFalse();
    assertThat(said.toString())
        .contains(
            "STREAMING yes",
            "SCALE_TO_ZERO partly: as a component",
            "UPLOAD no: files are read where they lie");
    assertThat(ENDPOINTS.has(Capability.STREAMING))
        .as("the first are as they were")
        .isFalse();
  }

  @ParameterizedTest
  @EnumSource(names = {"ROUTE", "URL", "STATE"})
  void whatFollowsFromTheTypeIsNotSaid(Capability capability) {
    assertThatThrownBy(() -> ENDPOINTS.with(capability))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("follows from the type");
  }

  @Test
  void aConditionHasWords() {
    assertThatThrownBy(() -> ENDPOINTS.partly(Capability.STREAMING, " "))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("note");
  }

  @ParameterizedTest
  @EnumSource
  void eachSaysWhatItIsAndAppliesToSomeType(Capability capability) {
    assertThat(capability.meaning()).isNotBlank().doesNotEndWith(".");
    assertThat(capability.appliesTo(EndpointPlatform.class)
            || capability.appliesTo(FunctionPlatform.class)
            || capability.appliesTo(StatefulPlatform.class))
        .isTrue();
  }

  @Test
  void whatIsAskedOfAPlatformThatIsNotThereIsNotFound() {
    assertThatThrownBy(() -> Platforms.capabilities("sagemaker"))
        .isInstanceOfSatisfying(
            ServingException.class, e -> assertThat(e.kind()).isEqualTo(ErrorKind.NOT_FOUND));
  }
}
