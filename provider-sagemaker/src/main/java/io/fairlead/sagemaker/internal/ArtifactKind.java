package io.fairlead.sagemaker.internal;

import io.fairlead.error.ErrorKind;
import io.fairlead.error.ServingException;
import io.fairlead.reconcile.Listed;
import io.fairlead.reconcile.OwnerTag;
import io.fairlead.reconcile.Observed;
import io.fairlead.reconcile.ResourceKind;
import io.fairlead.reconcile.ResourceRef;
import io.fairlead.reconcile.Accepted;
import io.fairlead.sagemaker.SageMakerProvider;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import software.amazon.awssdk.core.exception.SdkException;
import software.amazon.awssdk.services.s3.model.HeadObjectResponse;
import software.amazon.awssdk.services.s3.model.ListObjectsV2Request;
import software.amazon.awssdk.services.s3.model.ListObjectsV2Response;
import software.amazon.awssdk.services.s3.model.S3Object;

/** Files of this machine, uploaded to the artifact bucket under the hash of their content. */
final class ArtifactKind implements ResourceKind<Artifact> {
  static final String NAME = "artifact";
  /** In the metadata of an object, where no permission to tag is needed. */
  private static final String RUN = SageMakerTags.RUN;

  private static final String FOLDER = "fairlead/";
  private static final Pattern KEY = Pattern.compile(FOLDER + "[0-9a-f]{64}/model\\.tar\\.gz");
  private static final Pattern LOCATION = Pattern.compile("s3://[^/]+/(" + KEY.pattern() + ")");

  private final SageMakerClients clients;
  private final SageMakerErrors errors;
  private final String bucket;

  ArtifactKind(SageMakerClients clients, SageMakerErrors errors, String bucket) {
    this.clients = clients;
    this.errors = errors;
    this.bucket = bucket;
  }

  static String key(String contentHash) {
    return FOLDER + contentHash + "/model.tar.gz";
  }

  /** {@return the key of an upload of ours, from where it is} */
  static Optional<String> keyOf(String location) {
    Matcher matcher = LOCATION.matcher(location);
    return matcher.matches() ? Optional.of(matcher.group(1)) : Optional.empty();
  }

  @Override
  public String name() {
    return NAME;
  }

  @Override
  public Observed<Artifact> read(String key) {
    Optional<HeadObjectResponse> found = errors.find(
        "Look at s3://" + bucket + "/" + key,
        () -> clients.s3().headObject(request -> request.bucket(bucket).key(key)));
    if (found.isEmpty()) {
      return Observed.absent();
    }
    String run = found.get().metadata().get(RUN);
    Observed<Artifact> seen = Observed.ready(new Artifact(key, Optional.empty()));
    return run == null ? seen.asForeign() : seen.madeBy(run);
  }

  @Override
  public Accepted create(String key, Artifact desired, OwnerTag mark) {
    ModelArchive archive = desired
        .archive()
        .orElseThrow(() -> new IllegalStateException("an artifact to upload has an archive"));
    try {
      new ArtifactUpload(clients.s3()).upload(bucket, key, archive, Map.of(RUN, mark.run()));
    } catch (SdkException e) {
      throw noBucket(errors.failure("Upload to s3://" + bucket + "/" + key, e));
    }
    return Accepted.VISIBLE;
  }

  /** That the bucket is not there is nothing that a later try would mend. */
  private ServingException noBucket(ServingException e) {
    return e.kind() == ErrorKind.NOT_FOUND
        ? ServingException.builder(
                SageMakerProvider.ID,
                ErrorKind.INVALID,
                e.getMessage() + ". Make the bucket " + bucket
                    + " first, in the region to serve in")
            .cause(e)
            .build()
        : e;
  }

  @Override
  public Accepted update(String key, Observed<Artifact> current, Artifact desired) {
    throw new ServingException(
        SageMakerProvider.ID,
        ErrorKind.UNSUPPORTED,
        "Artifact " + key + " cannot be changed: its name is its content");
  }

  @Override
  public Accepted delete(String key, Observed<Artifact> current) {
    errors.call(
        "Delete s3://" + bucket + "/" + key,
        () -> clients.s3().deleteObject(request -> request.bucket(bucket).key(key)));
    return Accepted.VISIBLE;
  }

  @Override
  public List<Listed> list() {
    List<Listed> listed = new ArrayList<>();
    if (bucket.isEmpty()) {
      return listed;
    }
    @Nullable String token = null;
    do {
      ListObjectsV2Request request = ListObjectsV2Request.builder()
          .bucket(bucket)
          .prefix(FOLDER)
          .continuationToken(token)
          .build();
      ListObjectsV2Response page = errors.call(
          "List s3://" + bucket + "/" + FOLDER, () -> clients.s3().listObjectsV2(request));
      page.contents().stream()
          .filter(object -> KEY.matcher(object.key()).matches())
          .map(ArtifactKind::listed)
          .forEach(listed::add);
      token = page.nextContinuationToken();
    } while (token != null);
    return listed;
  }

  private static Listed listed(S3Object object) {
    return new Listed(
        new ResourceRef(NAME, object.key()),
        "",
        object.lastModified(),
        Observed.Status.READY,
        "",
        false,
        List.of(),
        Optional.empty());
  }

  @Override
  public boolean matches(Artifact desired, Artifact actual) {
    return desired.key().equals(actual.key());
  }

  @Override
  public boolean isNamedByContent() {
    return true;
  }
}
