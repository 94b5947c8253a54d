package io.fairlead.spring;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.springframework.boot.SpringBootVersion;

class UnsupportedVersionTest {
  private final LinkageError missing =
      new NoClassDefFoundError("org/springframework/boot/context/properties/source/Absent");

  @Test
  void aVersionThatIsNotSupportedIsNamedWithThoseThatAre() {
    assertThat(new UnsupportedVersionFailureAnalyzer(() -> "2.7.18").analyze(missing))
        .satisfies(analysis -> {
          assertThat(analysis.getDescription())
              .contains("works with Spring Boot 3.5 and 4", "has 2.7.18", "source/Absent");
          assertThat(analysis.getAction()).contains("io.fairlead:fairlead-spring-boot-starter");
        });
  }

  @Test
  void withAVersionThatIsSupportedItIsAnotherMistake() {
    assertThat(
            new UnsupportedVersionFailureAnalyzer(SpringBootVersion::getVersion).analyze(missing))
        .isNull();
  }

  @Test
  void whatIsMissedElsewhereIsNotTheStarters() {
    LinkageError elsewhere = new NoClassDefFoundError("acme/Absent");
    elsewhere.setStackTrace(
        new StackTraceElement[] {new StackTraceElement("acme.Main", "main", "Main.java", 1)});

    assertThat(new UnsupportedVersionFailureAnalyzer(() -> "2.7.18").analyze(elsewhere))
        .isNull();
  }
}
