package io.fairlead.azureml.internal;

import io.fairlead.azureml.internal.arm.Document;
import io.fairlead.reconcile.KindName;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * A version of code in the workspace.
 *
 * @param location the location of its files
 * @param tags the tags of the user
 */
record CodeSpec(String location, SortedMap<String, String> tags) implements AssetSpec {
  static final KindName<CodeSpec> KIND = new KindName<>("code", CodeSpec.class);

  CodeSpec {
    tags = new TreeMap<>(tags);
  }

  static CodeSpec of(Document properties) {
    return new CodeSpec(
        properties.text("codeUri").orElse(""), AzureMlTags.users(properties.texts("tags")));
  }

  @Override
  public Document properties() {
    return Document.EMPTY.with(location, "codeUri");
  }
}
