package io.fairlead.reconcile;

import static java.util.Objects.requireNonNull;

import io.fairlead.provider.LocalModel;
import io.fairlead.provider.UploadedFiles;
import java.util.function.Function;

/**
 * The state of an upload of a local model, whose key is the hash of its content.
 *
 * @param files its actual or desired files
 */
public record ModelUpload(UploadedFiles files) {
  public ModelUpload {
    requireNonNull(files, "files");
  }

  /**
   * {@return the desired state of a model's upload}
   *
   * @param digest the digest of a file, in the form of the store
   */
  public static ModelUpload of(
      LocalModel model, Function<LocalModel.Entry, UploadedFiles.Digest> digest) {
    return new ModelUpload(UploadedFiles.local(model, digest));
  }
}
