package io.fairlead.provider;

import io.fairlead.error.ErrorKind;
import java.time.Instant;
import java.util.List;
import java.util.Optional;

/**
 * A store of named objects that models are uploaded to, such as a bucket or a container of blobs.
 *
 * <p>An object is created completely or not at all. Changes are conditional on what was listed: if another process has
 * changed the object since, nothing is done and nothing is thrown, because the next list shows it. Other failures are
 * {@link io.fairlead.error.ServingException}s.
 */
public interface ObjectStore {
  /**
   * An object, as it was listed.
   *
   * @param name its full name
   * @param digest the digest of its bytes
   * @param revision the store's revision of it, with which a change is made conditional
   * @param run the id of the operation that uploaded it; empty if it is not Fairlead's
   * @param storedAt the time at which its bytes were stored
   */
  record Stored(
      String name,
      UploadedFiles.Digest digest,
      String revision,
      Optional<String> run,
      Instant storedAt) {}

  /** {@return whether the settings name a store; without one there are no uploads, and none is looked for} */
  default boolean isConfigured() {
    return true;
  }

  /** {@return all objects whose names begin with this, from all pages; none if the store does not exist} */
  List<Stored> list(String prefix);

  /**
   * Uploads a file of a model, unless another process has written the same object since it was listed.
   *
   * <p>If the store does not exist, the failure is of kind {@link ErrorKind#INVALID}.
   *
   * @param name the full name of the object
   * @param file the name of the file in the model
   * @param run the id of the operation, which is stored with the object
   * @param replaced the object to replace; empty if there is none of this name
   */
  void upload(String name, LocalModel model, String file, String run, Optional<Stored> replaced);

  /** Deletes an object as it was listed; one that has replaced it since is kept. */
  void delete(Stored listed);
}
