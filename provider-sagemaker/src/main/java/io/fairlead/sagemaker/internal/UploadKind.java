package io.fairlead.sagemaker.internal;

import io.fairlead.reconcile.Accepted;
import io.fairlead.reconcile.KindName;
import io.fairlead.reconcile.Listed;
import io.fairlead.reconcile.Look;
import io.fairlead.reconcile.Observed;
import io.fairlead.reconcile.ResourceKind;
import io.fairlead.reconcile.ResourceRef;
import java.util.List;
import java.util.Set;

/** Incomplete multipart uploads, which may be left behind; the uploads of artifacts start and complete them. */
final class UploadKind implements ResourceKind<Upload> {
  private final UploadCalls uploads;
  private final String bucket;

  UploadKind(UploadCalls uploads, String bucket) {
    this.uploads = uploads;
    this.bucket = bucket;
  }

  @Override
  public KindName<Upload> id() {
    return SageMakerKinds.UPLOAD;
  }

  @Override
  public Observed<Upload> read(String name, Look look) {
    Upload upload = Upload.of(name);
    return uploads.list(upload.key()).stream()
            .anyMatch(one -> one.key().equals(upload.key()) && one.uploadId().equals(upload.id()))
        ? Observed.ready(upload)
        : Observed.absent();
  }

  @Override
  public Accepted delete(String name, Observed<Upload> current, Set<ResourceRef> going) {
    uploads.abort(Upload.of(name));
    return Accepted.VISIBLE;
  }

  /** Lists an upload with the age of its last part, so that a sweep does not delete one that is still in progress. */
  @Override
  public List<Listed> list(Look look) {
    if (bucket.isEmpty()) {
      return List.of();
    }
    return uploads.list(ArtifactKind.FOLDER).stream()
        .filter(upload -> ArtifactKind.isKey(upload.key()))
        .map(upload -> Listed.of(
            new ResourceRef(
                SageMakerKinds.UPLOAD.name(), new Upload(upload.key(), upload.uploadId()).name()),
            uploads.lastActive(upload)))
        .toList();
  }

  @Override
  public boolean mayUse(String kind) {
    return false;
  }
}
