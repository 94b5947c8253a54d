package io.fairlead.examples;

import static org.assertj.core.api.Assertions.assertThat;

import io.fairlead.grammar.Container;
import io.fairlead.grammar.Dependencies;
import io.fairlead.grammar.Endpoint;
import io.fairlead.grammar.ModelArtifact;
import io.fairlead.grammar.Routing;
import io.fairlead.grammar.RuntimeSpec;
import io.fairlead.grammar.Scaling;
import io.fairlead.operation.OperationId;
import io.fairlead.operation.Progress;
import io.fairlead.platform.EndpointPlatform;
import io.fairlead.platform.Platforms;
import java.net.URI;
import java.time.Duration;
import java.util.List;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class TerminalTest {
  @ParameterizedTest
  @CsvSource({
    "0, '    '",
    "1, '████'",
    "0.5, '██  '",
    "0.53125, '██▏ '",
    "2, '████'",
    "-1, '    '",
  })
  void aBarIsAsLongAsItsShareInEighths(double share, String bar) {
    assertThat(Printed.toAFile().terminal.bar(share, 4)).isEqualTo(bar);
  }

  @ParameterizedTest
  @CsvSource({"0, '    '", "1, '####'", "0.5, '##  '", "0.6, '##  '", "0.65, '### '"})
  void inAsciiABarIsMadeOfWholeCharacters(double share, String bar) {
    assertThat(Printed.inAscii().terminal.bar(share, 4)).isEqualTo(bar);
  }

  @Test
  void aLiveLineIsReplacedByTheNext() {
    Printed printed = Printed.watched(20);

    printed.terminal.live("at work on something long");
    printed.terminal.line("done");

    assertThat(printed.text())
        .isEqualTo("\u001b[2mat work on somethi…\u001b[0m\r\u001b[Kdone" + System.lineSeparator());
  }

  @Test
  void nobodyWatchesNoLiveLine() {
    Printed printed = Printed.toAFile();

    printed.terminal.live("at work");

    assertThat(printed.text()).isEmpty();
  }

  @Test
  void aLiveLineIsGoneAtTheEnd() {
    Printed printed = Printed.watched(20);

    printed.terminal.live("at work");
    printed.terminal.end();

    assertThat(printed.text()).endsWith("\r\u001b[K");
  }

  @Test
  void anEventThatComesAgainIsOneLine() {
    Printed printed = Printed.toAFile();
    Consumer<Progress> progress = printed.terminal.progress("undeploy ask");

    for (String message :
        List.of("waiting until it is gone", "waiting until it is gone", "deleting", "deleting")) {
      progress.accept(new Progress(
          new OperationId("serverless", "1"), Duration.ZERO, 1, 1, "function ask", message));
    }

    assertThat(printed.lines()).hasSize(2);
  }

  @Test
  void onPlainLinesAnOperationShowsWhatItChangesAndNoMore() {
    Printed printed = Printed.toAFile();
    Duration limit = Duration.ofMinutes(1);
    try (EndpointPlatform local = Platforms.open("local", EndpointPlatform.class)) {
      Container container = local
          .packageModel(
              ModelArtifact.of(URI.create(Models.location(EchoModel.class))),
              RuntimeSpec.NONE,
              Dependencies.NONE)
          .await(limit);
      for (String variant : List.of("blue", "green")) {
        local
            .deploy(container, Scaling.fixed(1), new Routing("echo", variant))
            .onProgress(printed.terminal.progress("deploy echo"))
            .await(limit);
      }
      local
          .undeploy(new Endpoint(container, Scaling.fixed(1), new Routing("echo", "green")))
          .onProgress(printed.terminal.progress("undeploy echo"))
          .await(limit);
    }

    assertThat(printed.lines())
        .map(line -> line.replaceFirst("^ *\\[\\d/\\d\\] ", ""))
        .containsExactly(
            "endpoint echo: creating",
            "variant echo/blue: creating",
            "traffic echo: updating weights: {} -> {blue=100}",
            "variant echo/green: creating",
            "variant echo/green: deleting");
  }

  @Test
  void wrapsBetweenWords() {
    assertThat(Printed.watched(20).terminal.wrapped("create model m-1, endpoint ask", 4))
        .containsExactly("create model", "m-1, endpoint", "ask");
    assertThat(Printed.toAFile().terminal.wrapped("create model m-1, endpoint ask", 4))
        .containsExactly("create model m-1, endpoint ask");
  }

  @ParameterizedTest
  @CsvSource({"200, '< 1 ms'", "1499000, '1 ms'", "999000000, '999 ms'", "1234000000, '1.23 s'"})
  void timesAreAsExactAsTheyNeedBe(long nanos, String shown) {
    assertThat(Terminal.shown(Duration.ofNanos(nanos))).isEqualTo(shown);
  }
}
