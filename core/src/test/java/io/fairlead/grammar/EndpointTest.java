package io.fairlead.grammar;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

class EndpointTest {
  @Test
  void anEndpointIsServedUnderItsRoutesNameAndHasItsContainersModel() {
    Served served = SampleValues.ENDPOINT;

    assertThat(served.name()).isEqualTo("bert");
    assertThat(served.artifact()).isEqualTo(SampleValues.ARTIFACT);
  }

  @Test
  void scalingIsReplacedInACopy() {
    Scaling more = Scaling.fixed("ml.g5.xlarge", 8);

    Endpoint scaled = SampleValues.ENDPOINT.withScaling(more);

    assertThat(scaled).isEqualTo(new Endpoint(SampleValues.CONTAINER, more, SampleValues.ROUTING));
    assertThat(SampleValues.ENDPOINT.scaling()).isEqualTo(SampleValues.SCALING);
  }

  @Test
  void anEndpointAtAWeightIsAVersion() {
    assertThat(SampleValues.ENDPOINT.at(10))
        .isEqualTo(new Version(SampleValues.ENDPOINT, new TrafficWeight(10)))
        .isEqualTo(SampleValues.ENDPOINT.at(TrafficWeight.percent(10)));
  }

  @Test
  void aWeightOf101IsRefused() {
    assertThatThrownBy(() -> SampleValues.ENDPOINT.at(101))
        .isInstanceOf(InvalidValueException.class)
        .hasMessage("TrafficWeight: percent must be 0 to 100 (got 101)");
  }

  @Test
  void toStringOfAWholeVersionShowsNoSecret() {
    assertThat(SampleValues.VERSION.toString())
        .contains("API_TOKEN", "ml.g5.xlarge", "bert", "at 10%")
        .doesNotContain("hunter2");
  }
}
