package io.fairlead.reconcile;

import static org.assertj.core.api.Assertions.assertThat;

import io.fairlead.error.ErrorKind;
import io.fairlead.error.ServingException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;

class SecretsTest {
  private static final String SECRET = "0123456789abcdef";

  private final Secrets secrets = new Secrets(List.of(SECRET));

  private static String printed(Throwable failure) {
    StringWriter text = new StringWriter();
    failure.printStackTrace(new PrintWriter(text, true));
    return text.toString();
  }

  @Test
  void aFailureThatQuotesNoneIsItself() {
    ServingException failure = new ServingException("p", ErrorKind.QUOTA, "no", new Error("no"));

    assertThat(secrets.removedFrom(failure)).isSameAs(failure);
    assertThat(new Secrets(List.of()).removedFrom(new Error(SECRET))).hasMessage(SECRET);
  }

  @Test
  void whereverItIsQuotedItIsNotShownAndAllElseStays() {
    IllegalStateException deep = new IllegalStateException("deep " + SECRET);
    RuntimeException middle = new RuntimeException("middle", deep);
    ServingException failure = ServingException.builder("p", ErrorKind.QUOTA, "no " + SECRET)
        .cause(middle)
        .retryAfter(Duration.ofSeconds(3))
        .requestId("r-1")
        .retryable(true)
        .build();
    failure.addSuppressed(new IllegalArgumentException(SECRET));
    failure.addSuppressed(new Error("plain"));

    Throwable shown = secrets.removedFrom(failure);

    assertThat(printed(shown))
        .doesNotContain(SECRET)
        .contains("no (not shown)")
        .contains("java.lang.IllegalStateException: deep (not shown)")
        .contains("java.lang.IllegalArgumentException: (not shown)")
        .contains("java.lang.Error: plain");
    assertThat(shown).isInstanceOfSatisfying(ServingException.class, copy -> {
      assertThat(copy.kind()).isEqualTo(ErrorKind.QUOTA);
      assertThat(copy.retryable()).isTrue();
      assertThat(copy.retryAfter()).contains(Duration.ofSeconds(3));
      assertThat(copy.requestId()).contains("r-1");
    });
    assertThat(shown.getStackTrace()).isEqualTo(failure.getStackTrace());
  }

  @Test
  void aCircleOfCausesEnds() {
    RuntimeException one = new RuntimeException("one");
    RuntimeException other = new RuntimeException("other", one);
    one.initCause(other);

    assertThat(secrets.removedFrom(one)).isSameAs(one);
    one.addSuppressed(new Error(SECRET));
    assertThat(printed(secrets.removedFrom(one))).doesNotContain(SECRET).contains("other");
  }
}
