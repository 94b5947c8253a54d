package io.fairlead.azureml.internal;

import io.fairlead.azureml.internal.arm.Document;
import java.util.SortedMap;

/** The state of a version of an asset: its content, which never changes, and its tags, which do. */
interface AssetSpec {
  /** {@return the tags of the user} */
  SortedMap<String, String> tags();

  /** {@return the content, as the properties of a document} */
  Document properties();

  /** {@return whether it is the desired state, whose content is in its name already} */
  default boolean isAs(AssetSpec desired) {
    return tags().entrySet().containsAll(desired.tags().entrySet());
  }
}
