package io.fairlead.reconcile;

import static java.nio.charset.StandardCharsets.UTF_8;
import static java.util.Objects.requireNonNull;

import io.fairlead.grammar.Problems;
import io.fairlead.provider.Sha256;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * The versions of a public name that a rollout has rolled back: a note that the platform keeps with the name, so that
 * whoever runs the same rollout again does not give them requests once more.
 *
 * <p>A provider has a {@link ResourceKind} of it, which it reads from and writes to a tag or label of the resource that has
 * the public name: a setting, which is neither created nor deleted nor listed by itself.
 *
 * @param note 0 to 63 characters: for each version, the latest nine of them, oldest first, six of {@code 0-9a-f}, and
 *     {@code r} if its requests were taken from it, or {@code p} if that is pending
 */
public record RolledBack(String note) {
  /** The kind of the note; the name of the resource is the public name. */
  public static final KindName<RolledBack> KIND = new KindName<>("rolled-back", RolledBack.class);

  private static final int LENGTH = 6;
  private static final int ENTRY = LENGTH + 1;
  private static final int MOST = 9;
  private static final Pattern NOTE =
      Pattern.compile("([0-9a-f]{" + LENGTH + "}[pr]){0," + MOST + "}");

  /** No version was rolled back. */
  public static final RolledBack NONE = new RolledBack("");

  public RolledBack {
    requireNonNull(note, "note");
    Problems.in("RolledBack")
        .check(NOTE.matcher(note).matches(), "note", "must be " + NOTE.pattern(), note)
        .throwIfAny();
  }

  /** {@return the note of a tag's value; none if it has none, or somebody else's} */
  public static RolledBack ofTag(Optional<String> value) {
    return value
        .filter(text -> NOTE.matcher(text).matches())
        .map(RolledBack::new)
        .orElse(NONE);
  }

  /** {@return what identifies a variant from its creation to its deletion} */
  static String version(String variant, Optional<String> run) {
    byte[] identity = (variant + " " + run.orElse("")).getBytes(UTF_8);
    return Sha256.of(identity).substring(0, LENGTH);
  }

  /** What became of a version. */
  enum State {
    /** It was not rolled back. */
    NONE,
    /** It is being rolled back: a process that died may not have come to the end of it. */
    PENDING,
    /** It was rolled back. */
    DONE
  }

  State of(String version) {
    return entries().stream()
        .filter(entry -> entry.startsWith(version))
        .map(entry -> entry.endsWith("r") ? State.DONE : State.PENDING)
        .findFirst()
        .orElse(State.NONE);
  }

  private List<String> entries() {
    List<String> entries = new ArrayList<>();
    for (int i = 0; i < note.length(); i += ENTRY) {
      entries.add(note.substring(i, i + ENTRY));
    }
    return entries;
  }

  /** A version is in the note in a state, or is not. */
  record With(String version, State state) implements Desired<RolledBack> {
    @Override
    public RolledBack from(Optional<RolledBack> actual) {
      RolledBack before = actual.orElse(RolledBack.NONE);
      if (before.of(version) == state) {
        return before;
      }
      List<String> entries = before.entries();
      entries.removeIf(entry -> entry.startsWith(version));
      if (state != State.NONE) {
        entries.add(version + (state == State.DONE ? "r" : "p"));
      }
      return new RolledBack(String.join(
          "", entries.subList(Math.max(0, entries.size() - MOST), entries.size())));
    }
  }
}
