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
 * What a model is made of, which its name is derived from, and what can change of it: aliases and labels.
 *
 * @param displayName what people read
 * @param image the image
 * @param environment its environment, whose values are not printed
 * @param artifactUri the directory of its files; empty if the image brings or loads them
 * @param container how it is started and asked
 * @param aliases what its version is called, too
 * @param labels the users' labels
 */
record ModelSpec(
    String displayName,
    String image,
    Dependencies environment,
    String artifactUri,
    VertexContainer container,
    List<String> aliases,
    SortedMap<String, String> labels) {
  static final KindName<ModelSpec> KIND = new KindName<>("model", ModelSpec.class);

  /** The model as it is, with aliases and labels that it is to have. */
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
        displayName, image, environment, artifactUri, container, newAliases, newLabels);
  }
}
