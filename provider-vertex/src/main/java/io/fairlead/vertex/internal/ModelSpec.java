package io.fairlead.vertex.internal;

import io.fairlead.grammar.Dependencies;
import io.fairlead.reconcile.Desired;
import io.fairlead.reconcile.KindName;
import io.fairlead.vertex.VertexContainer;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * The state of a model: its content, from which its name is derived, and its aliases and labels, which can change.
 *
 * @param displayName the name that people read
 * @param image the image
 * @param environment its environment, whose values are not printed
 * @param artifactUri the directory of its files; empty if the image contains or downloads them
 * @param container the options of its container
 * @param aliases the aliases of its version
 * @param labels the user's labels
 * @param encryptionKey its encryption key; empty for Google's own
 */
record ModelSpec(
    String displayName,
    String image,
    Dependencies environment,
    String artifactUri,
    VertexContainer container,
    List<String> aliases,
    SortedMap<String, String> labels,
    String encryptionKey) {
  static final KindName<ModelSpec> KIND = new KindName<>("model", ModelSpec.class);

  /** The actual state of the model, with the desired aliases and labels. */
  record Merged(ModelSpec wanted) implements Desired<ModelSpec> {
    @Override
    public ModelSpec from(Optional<ModelSpec> actual) {
      return actual
          .map(there -> {
            List<String> aliases = new ArrayList<>(there.aliases());
            wanted.aliases().stream()
                .filter(alias -> !aliases.contains(alias))
                .forEach(aliases::add);
            SortedMap<String, String> labels = new TreeMap<>(there.labels());
            labels.putAll(wanted.labels());
            return there.with(aliases, labels);
          })
          .orElse(wanted);
    }
  }

  ModelSpec with(List<String> newAliases, SortedMap<String, String> newLabels) {
    return new ModelSpec(
        displayName,
        image,
        environment,
        artifactUri,
        container,
        newAliases,
        newLabels,
        encryptionKey);
  }
}
