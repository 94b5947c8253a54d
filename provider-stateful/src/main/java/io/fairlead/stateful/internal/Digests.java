package io.fairlead.stateful.internal;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.fairlead.grammar.ModelArtifact;
import io.fairlead.grammar.ModelState;
import io.fairlead.json.GrammarJson;
import io.fairlead.provider.ClassLoaders;
import io.fairlead.provider.LocalModel;
import io.fairlead.provider.Sha256;
import io.fairlead.reconcile.CompositeOperations.Steps;
import io.fairlead.stateful.StatefulConfig;
import io.fairlead.stateful.StatefulProvider;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.Locale;
import java.util.Optional;

/**
 * The digests of model versions: SHA-256 over all that decides a model's answers and is known here.
 *
 * <p>Of files on this machine it is their content, and so it is of what is on the class path, where of a model in Java it is
 * the class that the location names, without those that it uses. Of what lies elsewhere it is the location: whoever replaces
 * a model in place there says so by a digest in the state.
 */
final class Digests {
  private static final long PROGRESS_BYTES = 256L << 20;

  private Digests() {}

  /** {@return the digest of a model, reading its files if they are on this machine} */
  static String of(ModelArtifact artifact, String runtime, Steps steps) {
    Optional<Path> weights = file(artifact.weights());
    Optional<Path> code =
        artifact.code().equals(artifact.weights()) ? Optional.empty() : file(artifact.code());
    String content = weights.isEmpty()
        ? elsewhere(artifact.weights())
        : new LocalModel.Source(
                weights.get(), code, LocalModel.Rules.of(StatefulProvider.ID).withExecutableBits())
            .read(new Reading(steps))
            .sha256();
    boolean codeIsRead = weights.isPresent() && code.isPresent();
    return sha256(
        content,
        codeIsRead || artifact.code().equals(artifact.weights()) ? "" : elsewhere(artifact.code()),
        GrammarJson.write(artifact.metadata()),
        runtime);
  }

  /** {@return what is known of a model that is not in files: what the class path has, or else its location} */
  static String elsewhere(URI location) {
    String name = String.valueOf(location.getSchemeSpecificPart());
    String resource = switch (String.valueOf(location.getScheme()).toLowerCase(Locale.ROOT)) {
      case "classpath" -> name;
      case "java" -> name.replace('.', '/') + ".class";
      default -> "";
    };
    if (resource.isEmpty()) {
      return location.toString();
    }
    try (InputStream in = ClassLoaders.ofThread(Digests.class).getResourceAsStream(resource)) {
      return in == null ? location.toString() : location + " " + sha256(in);
    } catch (IOException e) {
      return location.toString();
    }
  }

  private static String sha256(InputStream in) throws IOException {
    MessageDigest digest = Sha256.newDigest();
    byte[] block = new byte[1 << 16];
    for (int read = in.read(block); read >= 0; read = in.read(block)) {
      digest.update(block, 0, read);
    }
    return Sha256.hex(digest);
  }

  /** {@return what models are deployed with that may change their answers, as text} */
  static String runtime(StatefulConfig config) {
    return config
        .hosting()
        .map(hosting ->
            GrammarJson.write(hosting.runtime()) + GrammarJson.write(hosting.dependencies()))
        .orElse("");
  }

  /** {@return the digest of a version: a model, and what its state says of its weights} */
  static String ofVersion(String artifactDigest, ModelState state) {
    return sha256(artifactDigest, state.warmWeights().digest());
  }

  private static String sha256(String... parts) {
    StringBuilder all = new StringBuilder();
    for (String part : parts) {
      all.append(part.length()).append(':').append(part);
    }
    return Sha256.of(all.toString().getBytes(UTF_8));
  }

  private static Optional<Path> file(URI location) {
    if (!"file".equalsIgnoreCase(location.getScheme())) {
      return Optional.empty();
    }
    Path path = Path.of(location);
    return Files.exists(path) ? Optional.of(path) : Optional.empty();
  }

  /** Reports the progress of reading, and ends it when the operation has to stop. */
  private static final class Reading implements LocalModel.Listener {
    private final Steps steps;
    private long reported;

    Reading(Steps steps) {
      this.steps = steps;
    }

    @Override
    public void read(long bytes, long of) {
      steps.checkStop();
      if (bytes - reported >= PROGRESS_BYTES) {
        reported = bytes;
        steps.report("model", "read " + (bytes >> 20) + " of " + (of >> 20) + " MB");
      }
    }
  }
}
