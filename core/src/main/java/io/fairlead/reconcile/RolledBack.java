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
 * @param note 0 to 60 characters {@code 0-9a-f}: six for each version, the latest ten of them, oldest first
 */
public record RolledBack(String note) {
  /** The kind of the note; the name of the resource is the public name. */
  public static final KindName<RolledBack> KIND = new KindName<>("rolled-back", RolledBack.class);

  private static final int LENGTH = 6;
  private static final int MOST = 10;
  private static final Pattern NOTE = Pattern.compile("([0-9a-f]{" + LENGTH + "}){0," + MOST + "}");

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

  boolean has(String version) {
    return versions().contains(version);
  }

  private List<String> versions() {
    List<String> versions = new ArrayList<>();
    for (int i = 0; i < note.length(); i += LENGTH) {
      versions.add(note.substring(i, i + LENGTH));
    }
    return versions;
  }

  /** A version is in the note. */
  record With(String version) implements Desired<RolledBack> {
    @Override
    public RolledBack from(Optional<RolledBack> actual) {
      RolledBack before = actual.orElse(NONE);
      if (before.has(version)) {
        return before;
      }
      List<String> versions = before.versions();
      versions.add(version);
      return new RolledBack(String.join(
          "", versions.subList(Math.max(0, versions.size() - MOST), versions.size())));
    }
  }

  /** A version is not in the note. */
  record Without(String version) implements Desired<RolledBack> {
    @Override
    public RolledBack from(Optional<RolledBack> actual) {
      List<String> versions = actual.orElse(NONE).versions();
      versions.remove(version);
      return new RolledBack(String.join("", versions));
    }
  }
}
