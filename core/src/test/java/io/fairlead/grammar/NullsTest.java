package io.fairlead.grammar;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.params.provider.Arguments.argumentSet;

import java.lang.reflect.Constructor;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.RecordComponent;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class NullsTest {
  private static final List<Record> SAMPLES = List.of(
      SampleValues.METADATA,
      SampleValues.ARTIFACT,
      SampleValues.RUNTIME,
      SampleValues.DEPENDENCIES,
      SampleValues.CONTAINER,
      SampleValues.SCALING,
      SampleValues.ROUTING,
      SampleValues.ENDPOINT,
      SampleValues.VERSION,
      SampleValues.LIMITS,
      SampleValues.FUNCTION,
      SampleValues.STATE,
      SampleValues.STATE.cache(),
      SampleValues.STATE.warmWeights(),
      SampleValues.STATEFUL,
      SampleValues.POLICY,
      SampleValues.POLICY.caching(),
      SampleValues.POLICY.update(),
      SampleValues.STATE_MANAGER,
      new Problem("field", "must be right", "value"));

  static Stream<Arguments> components() {
    return SAMPLES.stream().flatMap(sample -> {
      RecordComponent[] components = sample.getClass().getRecordComponents();
      return IntStream.range(0, components.length)
          .filter(i -> !components[i].getType().isPrimitive())
          .mapToObj(i -> argumentSet(
              sample.getClass().getSimpleName() + "." + components[i].getName(), sample, i));
    });
  }

  @ParameterizedTest
  @MethodSource("components")
  void noComponentIsNullAndTheMessageNamesIt(Record sample, int index) throws Exception {
    RecordComponent[] components = sample.getClass().getRecordComponents();
    Object[] values = new Object[components.length];
    for (int i = 0; i < values.length; i++) {
      values[i] = components[i].getAccessor().invoke(sample);
    }
    Constructor<?> constructor = sample
        .getClass()
        .getConstructor(
            Arrays.stream(components).map(RecordComponent::getType).toArray(Class<?>[]::new));
    assertThat(constructor.newInstance(values)).isEqualTo(sample);

    values[index] = null;

    assertThat(thrownBy(constructor, values))
        .isInstanceOf(NullPointerException.class)
        .hasMessage(components[index].getName());
  }

  private static Throwable thrownBy(Constructor<?> constructor, Object[] values) throws Exception {
    try {
      constructor.newInstance(values);
      return null;
    } catch (InvocationTargetException e) {
      return e.getCause();
    }
  }
}
