package io.fairlead.engine.internal.file;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.fairlead.provider.Sha256;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A cache of fingerprints across processes: a cold JVM takes longer to hash a model than to load it.
 *
 * <p>An entry is valid for as long as the file's stamp is the same.
 */
public final class Fingerprints {
  private static final Logger LOG = LoggerFactory.getLogger(Fingerprints.class);
  private static final int PARTS = 4;

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
    lines.add(stamp);
    lines.add(fingerprint.sha256());
    lines.add(Base64.getEncoder().encodeToString(fingerprint.head()));
    for (String name : fingerprint.externalFiles()) {
      lines.add(Base64.getEncoder().encodeToString(name.getBytes(UTF_8)));
    }
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
        || !lines.get(0).equals(stamp)
        || !withChecksum(lines.subList(0, last)).equals(lines)) {
      return Optional.empty();
    }
    List<String> externalFiles = lines.subList(3, last).stream()
        .map(name -> new String(Base64.getDecoder().decode(name), UTF_8))
        .toList();
    return Optional.of(
        new Fingerprint(lines.get(1), Base64.getDecoder().decode(lines.get(2)), externalFiles));
  }

  private static String name(String location) {
    return Sha256.of(location.getBytes(UTF_8));
  }
}
