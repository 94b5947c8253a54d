package io.fairlead.spring;

import java.util.Arrays;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.SpringBootVersion;
import org.springframework.boot.diagnostics.AbstractFailureAnalyzer;
import org.springframework.boot.diagnostics.FailureAnalysis;

/** Says which versions of Spring Boot are supported, where this starter misses a class or method of another version. */
final class UnsupportedVersionFailureAnalyzer extends AbstractFailureAnalyzer<LinkageError> {
  private final Supplier<@Nullable String> version;

  UnsupportedVersionFailureAnalyzer() {
    this(SpringBootVersion::getVersion);
  }

  UnsupportedVersionFailureAnalyzer(Supplier<@Nullable String> version) {
    this.version = version;
  }

  @Override
  protected @Nullable FailureAnalysis analyze(Throwable failure, LinkageError cause) {
    String actual = String.valueOf(version.get());
    boolean isOurs = Arrays.stream(cause.getStackTrace())
        .anyMatch(frame -> frame.getClassName().startsWith("io.fairlead.spring."));
    if (!isOurs || actual.startsWith("3.5.") || actual.startsWith("4.")) {
      return null;
    }
    return new FailureAnalysis(
        "fairlead-spring-boot-starter works with Spring Boot 3.5 and 4, and this application has "
            + actual + ", which lacks what it needs (" + cause + ").",
        "Take Spring Boot 3.5 or 4: one artifact, io.fairlead:fairlead-spring-boot-starter, is for both. With another"
            + " version, open platforms in code with io.fairlead:fairlead-core and"
            + " io.fairlead.platform.Platforms.",
        cause);
  }
}
