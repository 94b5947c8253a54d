package io.fairlead.azureml.internal;

import io.fairlead.azureml.AzureMlArtifact;
import io.fairlead.azureml.internal.arm.Document;
import io.fairlead.reconcile.KindName;
import java.util.Locale;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * A version of a model in the workspace.
 *
 * @param location the location of its files
 * @param type the layout of its files
 * @param description its description, which can be changed; if none is desired, any is right
 * @param tags the tags of the user
 */
record ModelSpec(
    String location,
    AzureMlArtifact.Type type,
    Optional<String> description,
    SortedMap<String, String> tags)
    implements AssetSpec {
  static final KindName<ModelSpec> KIND = new KindName<>("model", ModelSpec.class);

  ModelSpec {
    tags = new TreeMap<>(tags);
  }

  static ModelSpec of(Document properties) {
    return new ModelSpec(
        properties.text("modelUri").orElse(""),
        type(properties.text("modelType").orElse("")),
        properties.text("description").filter(text -> !text.isBlank()),
        AzureMlTags.users(properties.texts("tags")));
  }

  private static AzureMlArtifact.Type type(String text) {
    for (AzureMlArtifact.Type type : AzureMlArtifact.Type.values()) {
      if (type.name().equalsIgnoreCase(text)) {
        return type;
      }
    }
    return AzureMlArtifact.Type.CUSTOM_MODEL;
  }

  @Override
  public Document properties() {
    Document properties = Document.EMPTY
        .with(location, "modelUri")
        .with(type.name().toLowerCase(Locale.ROOT), "modelType");
    return description.map(text -> properties.with(text, "description")).orElse(properties);
  }

  @Override
  public boolean isAs(AssetSpec desired) {
    return AssetSpec.super.isAs(desired)
        && desired instanceof ModelSpec model
        && (model.description.isEmpty() || model.description.equals(description));
  }
}
