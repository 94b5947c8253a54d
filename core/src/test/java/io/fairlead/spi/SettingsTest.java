package io.fairlead.spi;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.fairlead.grammar.InvalidValueException;
import io.fairlead.grammar.Problems;
import io.fairlead.json.GrammarJson;
import java.net.URI;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class SettingsTest {
  /** Settings of a field of each sort. */
  public static final class Probe extends Settings<Probe.Draft> {
    static final Probe DEFAULT = new Probe(new Draft());

    static final class Draft extends Settings.Draft {
      Optional<Integer> port = Optional.empty();
      boolean logged = true;

      @Hidden
      List<String> command = List.of();

      Map<String, Integer> shares = Map.of();
      Optional<URI> location = Optional.empty();
    }

    private Probe(Draft draft) {
      super(draft);
      Problems.in("Probe")
          .check(draft.port.orElse(1) > 0, "port", "must be above 0", draft.port.orElse(0))
          .check(!draft.command.contains(""), "command", "must have no empty part")
          .throwIfAny();
    }

    Optional<Integer> port() {
      return draft().port;
    }

    List<String> command() {
      return draft().command;
    }

    Map<String, Integer> shares() {
      return draft().shares;
    }

    Probe withPort(int port) {
      return new Probe(with(draft -> draft.port = Optional.of(port)));
    }

    Probe withLogged(boolean logged) {
      return new Probe(with(draft -> draft.logged = logged));
    }

    Probe withCommand(List<String> command) {
      return new Probe(with(draft -> draft.command = command));
    }

    Probe withShares(Map<String, Integer> shares) {
      return new Probe(with(draft -> draft.shares = shares));
    }

    Probe withLocation(URI location) {
      return new Probe(with(draft -> draft.location = Optional.of(location)));
    }
  }

  private static final Probe ALL = Probe.DEFAULT
      .withPort(80)
      .withLogged(false)
      .withCommand(List.of("serve", "--api-key=hunter2"))
      .withShares(Map.of("b", 2, "a", 1))
      .withLocation(URI.create("https://me:hunter2@host.example/a?sig=hunter2"));

  @Test
  void aChangeIsACopy() {
    Probe one = Probe.DEFAULT.withPort(80);

    Probe other = one.withPort(81).withLogged(false);

    assertThat(one.port()).contains(80);
    assertThat(other.port()).contains(81);
    assertThat(Probe.DEFAULT.port()).isEmpty();
  }

  @Test
  void equalFieldsMakeEqualSettings() {
    assertThat(Probe.DEFAULT.withPort(80).withLogged(false))
        .isEqualTo(Probe.DEFAULT.withLogged(false).withPort(80))
        .hasSameHashCodeAs(Probe.DEFAULT.withLogged(false).withPort(80))
        .isNotEqualTo(Probe.DEFAULT.withPort(80))
        .isNotEqualTo("Probe[]");
    assertThat(Probe.DEFAULT.withPort(80).withCommand(List.of("a")))
        .isNotEqualTo(Probe.DEFAULT.withPort(80).withCommand(List.of("b")));
  }

  @Test
  void onlyWhatIsNotADefaultIsPrintedAndNoSecret() {
    assertThat(Probe.DEFAULT).hasToString("Probe[]");
    assertThat(Probe.DEFAULT.withPort(80)).hasToString("Probe[port=80]");
    assertThat(ALL)
        .hasToString("Probe[command=(not shown), location=https://host.example/a?(not shown),"
            + " logged=false, port=80, shares={a=1, b=2}]");
  }

  @Test
  void collectionsAreCopiesAndMapsAreSorted() {
    List<String> command = new ArrayList<>(List.of("serve"));
    Map<String, Integer> shares = new HashMap<>(Map.of("b", 2, "a", 1));
    Probe probe = Probe.DEFAULT.withCommand(command).withShares(shares);

    command.clear();
    shares.clear();

    assertThat(probe.command()).containsExactly("serve");
    assertThat(probe.shares()).containsExactly(Map.entry("a", 1), Map.entry("b", 2));
    assertThatThrownBy(() -> probe.shares().clear())
        .isInstanceOf(UnsupportedOperationException.class);
  }

  @Test
  @SuppressWarnings("NullAway") // What it is about.
  void nullIsRefusedWithTheFieldsName() {
    assertThatThrownBy(() -> Probe.DEFAULT.withCommand(null))
        .isInstanceOf(NullPointerException.class)
        .hasMessage("command");
  }

  @Test
  void theJsonHasWhatIsNotADefaultAndReadsBackEqual() {
    assertThat(GrammarJson.write(Probe.DEFAULT)).isEqualTo("{}");
    assertThat(GrammarJson.read("{}", Probe.class)).isEqualTo(Probe.DEFAULT);
    assertThat(GrammarJson.write(ALL))
        .isEqualTo("{\"command\":[\"serve\",\"--api-key=hunter2\"],"
            + "\"location\":\"https://me:hunter2@host.example/a?sig=hunter2\","
            + "\"logged\":false,\"port\":80,\"shares\":{\"a\":1,\"b\":2}}");
    assertThat(GrammarJson.read(GrammarJson.write(ALL), Probe.class)).isEqualTo(ALL);
  }

  @Test
  void whatIsWrongInJsonIsToldAtOnce() {
    assertThatThrownBy(() -> GrammarJson.read("{\"port\":\"80\",\"colour\":1}", Probe.class))
        .isInstanceOf(InvalidValueException.class)
        .hasMessage(
            "Probe: port must be a whole number up to 2147483647 (got \"80\"); colour is not a"
                + " field of Probe, which has command, location, logged, port, shares");
    assertThatThrownBy(() -> GrammarJson.read("{\"port\":-1,\"command\":[\"\"]}", Probe.class))
        .isInstanceOf(InvalidValueException.class)
        .hasMessage("Probe: port must be above 0 (got -1); command must have no empty part");
    assertThatThrownBy(() -> GrammarJson.read("[]", Probe.class))
        .hasMessage("Probe: JSON must be an object with fields of Probe (got an array)");
  }

  @Test
  void aClassThatIsNoSettingsIsRefused() {
    assertThatThrownBy(() -> SettingsType.of(String.class))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("java.lang.String must extend Settings of its draft");
  }
}
