package io.fairlead.engine.internal.file;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.fairlead.engine.internal.protobuf.OnnxContent;
import io.fairlead.provider.Sha256;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A cache of fingerprints across processes: a cold JVM takes longer to hash a model than to load it.
 *
 * <p>An entry is valid for as long as the file's stamp is the same.
 */
public final class Fingerprints {
  private static final Logger LOG = LoggerFactory.getLogger(Fingerprints.class);
  // To be changed with what a fingerprint says of the same bytes.
  private static final String LAYOUT = "2";
  private static final int PARTS = 7;

  private final DiskCache cache;

  public Fingerprints(DiskCache cache) {
    this.cache = cache;
  }

  /** {@return the fingerprint of a location, if it is cached with that stamp} */
  public Optional<Fingerprint> find(String location, String stamp) {
    Path file = cache.find(name(location)).orElse(null);
    if (file == null) {
      return Optional.empty();
    }
    try {
      return parse(Files.readString(file).lines().toList(), stamp);
    } catch (IOException | IllegalArgumentException e) {
      LOG.debug("{} cannot be read", file, e);
      return Optional.empty();
    }
  }

  public void keep(String location, String stamp, Fingerprint fingerprint) {
    cache.tryKeep(
        name(location), part -> Files.write(part, withChecksum(lines(stamp, fingerprint)), UTF_8));
  }

  private static List<String> lines(String stamp, Fingerprint fingerprint) {
    List<String> lines = new ArrayList<>();
    lines.add(LAYOUT);
    lines.add(stamp);
    lines.add(fingerprint.sha256());
    lines.add(Base64.getEncoder().encodeToString(fingerprint.head()));
    lines.add(encoded(fingerprint.content().defect()));
    lines.add(encoded(fingerprint.content().refusal()));
    fingerprint
        .content()
        .externalFiles()
        .forEach((name, size) -> lines.add(size + " " + encoded(name)));
    return lines;
  }

  private static List<String> withChecksum(List<String> lines) {
    List<String> whole = new ArrayList<>(lines);
    whole.add(Sha256.of(String.join("\n", lines).getBytes(UTF_8)));
    return whole;
  }

  private static Optional<Fingerprint> parse(List<String> lines, String stamp) {
    int last = lines.size() - 1;
    if (lines.size() < PARTS
        || !lines.get(0).equals(LAYOUT)
        || !lines.get(1).equals(stamp)
        || !withChecksum(lines.subList(0, last)).equals(lines)) {
      return Optional.empty();
    }
    SortedMap<String, Long> externalFiles = new TreeMap<>();
    for (String line : lines.subList(PARTS - 1, last)) {
      int space = line.indexOf(' ');
      externalFiles.put(
          decoded(line.substring(space + 1)), Long.parseLong(line.substring(0, space)));
    }
    return Optional.of(new Fingerprint(
        lines.get(2),
        Base64.getDecoder().decode(lines.get(3)),
        new OnnxContent(decoded(lines.get(4)), decoded(lines.get(5)), externalFiles)));
  }

  private static String encoded(String text) {
    return Base64.getEncoder().encodeToString(text.getBytes(UTF_8));
  }

  private static String decoded(String text) {
    return new String(Base64.getDecoder().decode(text), UTF_8);
  }

  private static String name(String location) {
    return Sha256.of(location.getBytes(UTF_8));
  }
}
