package io.fairlead.azureml.internal.storage;

import io.fairlead.azureml.AzureMlProvider;
import io.fairlead.error.ErrorKind;
import io.fairlead.error.ServingException;
import io.fairlead.provider.LocalModel;
import io.fairlead.provider.ObjectStore;
import io.fairlead.provider.UploadKeys;
import io.fairlead.provider.UploadedFiles.Digest;
import io.fairlead.reconcile.KindName;
import io.fairlead.reconcile.ModelUpload;
import io.fairlead.reconcile.ModelUploadKind;
import java.util.regex.Pattern;

/** Uploads of local models to the container of a datastore: their kind, their keys, and the rules for their files. */
public final class Uploads {
  public static final KindName<ModelUpload> KIND = new KindName<>("upload", ModelUpload.class);

  public static final UploadKeys KEYS = new UploadKeys("fairlead/", 32);

  /** A blob's name has at most 1024 characters, of which the key takes 42. */
  public static final LocalModel.Rules RULES =
      LocalModel.Rules.of(AzureMlProvider.ID).withLongestName(980);

  /** Blob Storage has no such names, or drops the end of them: a part that ends with a dot, and backslashes. */
  private static final Pattern REFUSED = Pattern.compile("\\\\|\\.(/|$)");

  private static final int MOST_PARTS = 250;

  private Uploads() {}

  /** {@return the kind, for a store} */
  public static ModelUploadKind kind(ObjectStore store) {
    return new ModelUploadKind(KIND, KEYS, store);
  }

  /**
   * {@return the desired state of a model's upload}
   *
   * @throws ServingException of kind {@link ErrorKind#INVALID} if a file has a name that no blob can have
   */
  public static ModelUpload of(LocalModel model) {
    model.entries().forEach((name, file) -> {
      if (REFUSED.matcher(name).find() || name.split("/", -1).length > MOST_PARTS) {
        throw new ServingException(
            AzureMlProvider.ID,
            ErrorKind.INVALID,
            "The file " + file.path() + " cannot be uploaded as " + name
                + ": in the name of a blob no part ends with a dot, there is no backslash, and there"
                + " are at most " + MOST_PARTS + " parts. Rename it.");
      }
    });
    return ModelUpload.of(model, Uploads::digest);
  }

  /** {@return the digest of a file, as the blob's metadata tell it} */
  static Digest digest(LocalModel.Entry file) {
    return new Digest(file.size(), file.sha256());
  }
}
