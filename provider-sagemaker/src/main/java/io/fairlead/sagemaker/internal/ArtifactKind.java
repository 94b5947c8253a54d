package io.fairlead.sagemaker.internal;

import io.fairlead.error.ErrorKind;
import io.fairlead.error.ServingException;
import io.fairlead.provider.Pages;
import io.fairlead.reconcile.Accepted;
import io.fairlead.reconcile.KindName;
import io.fairlead.reconcile.Listed;
import io.fairlead.reconcile.Look;
import io.fairlead.reconcile.Observed;
import io.fairlead.reconcile.OwnerTag;
import io.fairlead.reconcile.ResourceKind;
import io.fairlead.reconcile.ResourceRef;
import io.fairlead.sagemaker.SageMakerProvider;
import io.fairlead.sagemaker.internal.archive.ModelArchive;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import software.amazon.awssdk.core.exception.SdkException;
import software.amazon.awssdk.services.s3.model.HeadObjectResponse;
import software.amazon.awssdk.services.s3.model.ListObjectsV2Response;
import software.amazon.awssdk.services.s3.model.S3Object;

/** Uploads of local files to the artifact bucket, under the hash of their content. */
final class ArtifactKind implements ResourceKind<Artifact> {
  /** The owner tag, in the metadata of an object, which needs no permission to tag objects. */
  private static final String RUN = SageMakerTags.RUN;

  static final String FOLDER = "fairlead/";
  private static final Pattern KEY = Pattern.compile(FOLDER + "[0-9a-f]{64}/model\\.tar\\.gz");
  private static final Pattern LOCATION = Pattern.compile("s3://[^/]+/(" + KEY.pattern() + ")");

  private final SageMakerClients clients;
  private final SageMakerErrors errors;
  private final UploadCalls uploads;
  private final String bucket;
  private final Optional<String> kmsKey;

  /** The keys that this process has uploaded by one call, which can have no parts of a multipart upload left. */
  private final Set<String> small = ConcurrentHashMap.newKeySet();

  ArtifactKind(
      SageMakerClients clients,
      SageMakerErrors errors,
      UploadCalls uploads,
      String bucket,
      Optional<String> kmsKey) {
    this.clients = clients;
    this.errors = errors;
    this.uploads = uploads;
    this.bucket = bucket;
    this.kmsKey = kmsKey;
  }

  static boolean isKey(String key) {
    return KEY.matcher(key).matches();
  }

  static String key(String contentHash) {
    return FOLDER + contentHash + "/model.tar.gz";
  }

  /** {@return the location of an upload} */
  static String location(String bucket, String contentHash) {
    return "s3://" + bucket + "/" + key(contentHash);
  }

  /** {@return the key of a managed upload at a location} */
  static Optional<String> keyOf(String location) {
    Matcher matcher = LOCATION.matcher(location);
    return matcher.matches() ? Optional.of(matcher.group(1)) : Optional.empty();
  }

  @Override
  public KindName<Artifact> id() {
    return SageMakerKinds.ARTIFACT;
  }

  @Override
  public Observed<Artifact> read(String key, Look look) {
    Optional<HeadObjectResponse> found = errors.find(
        "Read s3://" + bucket + "/" + key,
        () -> clients.s3().headObject(request -> request.bucket(bucket).key(key)));
    if (found.isEmpty()) {
      return Observed.absent();
    }
    String run = found.get().metadata().get(RUN);
    Observed<Artifact> seen = Observed.ready(new Artifact(key, Optional.empty()));
    return run == null ? seen.asForeign() : seen.madeBy(run);
  }

  @Override
  public Accepted create(String key, Artifact desired, OwnerTag owner) {
    ModelArchive archive = new ModelArchive(desired
        .model()
        .orElseThrow(() -> new IllegalStateException("an artifact to upload has its files")));
    try {
      boolean whole = new ArtifactUpload(clients.s3(), kmsKey)
          .upload(bucket, key, archive, Map.of(RUN, owner.run()));
      if (whole) {
        small.add(key);
      }
    } catch (SdkException e) {
      throw noBucket(errors.failure("Upload to s3://" + bucket + "/" + key, e));
    }
    return Accepted.VISIBLE;
  }

  /** A failure that is not retryable: a retry does not create the bucket. */
  private ServingException noBucket(ServingException e) {
    return e.kind() == ErrorKind.NOT_FOUND
        ? ServingException.builder(
                SageMakerProvider.ID,
                ErrorKind.INVALID,
                e.getMessage() + ". Create the bucket " + bucket
                    + " first, in the region to serve in")
            .cause(e)
            .build()
        : e;
  }

  @Override
  public Accepted delete(String key, Observed<Artifact> current, Set<ResourceRef> going) {
    errors.call(
        "Delete s3://" + bucket + "/" + key,
        () -> clients.s3().deleteObject(request -> request.bucket(bucket).key(key)));
    return Accepted.VISIBLE;
  }

  /** Aborts multipart uploads of earlier attempts: the object exists by now, or is to be deleted. */
  @Override
  public void deleteSuperseded(String key) {
    if (!bucket.isEmpty() && !small.remove(key)) {
      uploads.abortAll(key);
    }
  }

  @Override
  public List<Listed> list(Look look) {
    if (bucket.isEmpty()) {
      return List.of();
    }
    return Pages.<ListObjectsV2Response, S3Object>all(
            SageMakerProvider.ID,
            "s3://" + bucket + "/" + FOLDER,
            token -> errors.call(
                "List s3://" + bucket + "/" + FOLDER,
                () -> clients
                    .s3()
                    .listObjectsV2(
                        request -> request.bucket(bucket).prefix(FOLDER).continuationToken(token))),
            ListObjectsV2Response::contents,
            ListObjectsV2Response::nextContinuationToken)
        .stream()
        .filter(object -> isKey(object.key()))
        .map(object -> Listed.of(
            new ResourceRef(SageMakerKinds.ARTIFACT.name(), object.key()), object.lastModified()))
        .toList();
  }

  @Override
  public boolean matches(Artifact desired, Artifact actual) {
    return desired.key().equals(actual.key());
  }

  @Override
  public boolean isNamedByContent() {
    return true;
  }

  @Override
  public boolean mayUse(String kind) {
    return false;
  }
}
