package io.fairlead.azureml.internal.storage;

import static java.util.Objects.requireNonNull;

import com.azure.core.http.HttpClient;
import com.azure.core.http.rest.PagedResponse;
import com.azure.core.util.BinaryData;
import com.azure.core.util.Context;
import com.azure.storage.blob.BlobContainerClient;
import com.azure.storage.blob.BlobContainerClientBuilder;
import com.azure.storage.blob.BlobServiceVersion;
import com.azure.storage.blob.models.BlobHttpHeaders;
import com.azure.storage.blob.models.BlobItem;
import com.azure.storage.blob.models.BlobListDetails;
import com.azure.storage.blob.models.BlobRequestConditions;
import com.azure.storage.blob.models.DeleteSnapshotsOptionType;
import com.azure.storage.blob.models.ListBlobsOptions;
import com.azure.storage.blob.options.BlockBlobCommitBlockListOptions;
import com.azure.storage.blob.options.BlockBlobSimpleUploadOptions;
import com.azure.storage.blob.specialized.BlockBlobClient;
import com.azure.storage.common.StorageSharedKeyCredential;
import com.azure.storage.common.policy.RequestRetryOptions;
import com.azure.storage.common.policy.RetryPolicyType;
import io.fairlead.azureml.AzureMlProvider;
import io.fairlead.error.ErrorKind;
import io.fairlead.error.ServingException;
import io.fairlead.provider.LocalModel;
import io.fairlead.provider.ObjectStore.Stored;
import io.fairlead.provider.Pages;
import io.fairlead.provider.TimeSource;
import io.fairlead.provider.UploadedFiles.Digest;
import java.io.IOException;
import java.io.InputStream;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The calls on a container, each of which is made once, because the reconciler retries.
 *
 * <p>A blob is created completely or not at all: each request has an MD5 of its bytes, and Blob Storage rejects others.
 * The hash of the file is in the metadata, which are stored with the whole blob only.
 */
final class BlobCalls {
  /** Larger files are sent as blocks, which are no larger if they need not be. */
  static final int LARGEST_BLOCK = 16 << 20;

  private static final String RUN = "fairlead_run";
  private static final String SHA_256 = "fairlead_sha256";

  /** In an account with real folders, the metadata of one of them. */
  private static final String FOLDER = "hdi_isfolder";

  private static final BlobHttpHeaders BYTES =
      new BlobHttpHeaders().setContentType("application/octet-stream");

  private final BlobContainer container;
  private final BlobContainerClient client;
  private final BlobErrors errors;
  private final TimeSource time;
  private final int largestBlock;

  /**
   * Creates the calls.
   *
   * @param largestBlock larger files are sent as blocks of this size
   */
  BlobCalls(
      BlobContainer container,
      HttpClient http,
      Duration callTimeout,
      TimeSource time,
      int largestBlock) {
    this.container = container;
    this.largestBlock = largestBlock;
    this.client = client(container, new TimedHttpClient(http, callTimeout));
    this.errors = new BlobErrors(container);
    this.time = time;
  }

  private static BlobContainerClient client(BlobContainer container, HttpClient http) {
    BlobContainerClientBuilder builder = new BlobContainerClientBuilder()
        .endpoint(container.service())
        .containerName(container.name())
        .httpClient(http)
        .retryOptions(
            new RequestRetryOptions(RetryPolicyType.FIXED, 1, (Duration) null, null, null, null))
        // A constant, so that a newer SDK speaks no other protocol.
        .serviceVersion(BlobServiceVersion.V2023_11_03);
    BlobAccess access = container.access();
    if (access instanceof BlobAccess.AccountKey key) {
      builder.credential(new StorageSharedKeyCredential(key.account(), key.key()));
    } else if (access instanceof BlobAccess.SharedAccess shared) {
      builder.sasToken(shared.signature());
    } else if (access instanceof BlobAccess.Identity identity && container.isPlaintext()) {
      builder.addPolicy(new LoopbackToken(identity.credential())).setAnonymousAccess();
    } else if (access instanceof BlobAccess.Identity identity) {
      builder.credential(identity.credential());
    }
    return builder.buildClient();
  }

  List<Stored> list(String prefix) {
    String what = "List " + container.uri(prefix);
    ListBlobsOptions options = new ListBlobsOptions()
        .setPrefix(prefix)
        .setDetails(new BlobListDetails().setRetrieveMetadata(true));
    try {
      return Pages.all(
          AzureMlProvider.ID,
          "the blobs at " + container.uri(prefix),
          token -> errors.call(what, () -> page(options, token)),
          BlobCalls::stored,
          PagedResponse::getContinuationToken);
    } catch (ServingException e) {
      if (e.kind() == ErrorKind.NOT_FOUND) {
        return List.of();
      }
      throw e;
    }
  }

  private PagedResponse<BlobItem> page(ListBlobsOptions options, @Nullable String token) {
    return client.listBlobs(options, token, null).iterableByPage().iterator().next();
  }

  private static List<Stored> stored(PagedResponse<BlobItem> page) {
    List<Stored> blobs = new ArrayList<>();
    for (BlobItem blob : page.getValue()) {
      Map<String, String> metadata = Objects.requireNonNullElse(blob.getMetadata(), Map.of());
      if (!metadata.containsKey(FOLDER)) {
        blobs.add(new Stored(
            blob.getName(),
            new Digest(blob.getProperties().getContentLength(), metadata.getOrDefault(SHA_256, "")),
            blob.getProperties().getETag(),
            Optional.ofNullable(metadata.get(RUN)),
            blob.getProperties().getLastModified().toInstant()));
      }
    }
    return blobs;
  }

  void upload(String name, LocalModel model, String file, String run, Optional<Stored> replaced) {
    LocalModel.Entry entry = requireNonNull(model.entries().get(file), file);
    Upload upload = new Upload(
        "Upload " + entry.path() + " to " + container.uri(name),
        blob(name),
        entry,
        Map.of(RUN, run, SHA_256, entry.sha256()),
        replaced.map(BlobCalls::asListed).orElseGet(BlobCalls::asNew));
    try (InputStream bytes = model.open(file)) {
      if (entry.size() > largestBlock) {
        asBlocks(upload, bytes);
      } else {
        atOnce(upload, bytes.readAllBytes());
      }
    } catch (ServingException e) {
      throw errors.ofUpload(e);
    } catch (IOException e) {
      throw new IllegalStateException("a model's file threw " + e, e);
    }
  }

  /**
   * An upload of one file.
   *
   * @param what the call, as the beginning of a message
   */
  private record Upload(
      String what,
      BlockBlobClient blob,
      LocalModel.Entry file,
      Map<String, String> metadata,
      BlobRequestConditions conditions) {}

  private void atOnce(Upload upload, byte[] bytes) {
    errors.unlessOvertaken(
        upload.what(),
        () -> upload
            .blob()
            .uploadWithResponse(
                new BlockBlobSimpleUploadOptions(BinaryData.fromBytes(bytes))
                    .setHeaders(BYTES)
                    .setMetadata(upload.metadata())
                    .setContentMd5(md5(bytes))
                    .setRequestConditions(upload.conditions()),
                null,
                Context.NONE));
  }

  private void asBlocks(Upload upload, InputStream bytes) throws IOException {
    Blocks blocks = new Blocks(upload.what(), upload.blob(), errors, time, largestBlock);
    List<String> ids = blocks.stage(bytes, upload.file());
    errors.unlessOvertaken(
        upload.what(),
        () -> upload
            .blob()
            .commitBlockListWithResponse(
                new BlockBlobCommitBlockListOptions(ids)
                    .setHeaders(BYTES)
                    .setMetadata(upload.metadata())
                    .setRequestConditions(upload.conditions()),
                null,
                Context.NONE));
  }

  void delete(Stored listed) {
    errors.unlessOvertaken(
        "Delete " + container.uri(listed.name()),
        () -> blob(listed.name())
            .deleteWithResponse(
                DeleteSnapshotsOptionType.INCLUDE, asListed(listed), null, Context.NONE));
  }

  private BlockBlobClient blob(String name) {
    return client.getBlobClient(name).getBlockBlobClient();
  }

  private static BlobRequestConditions asNew() {
    return new BlobRequestConditions().setIfNoneMatch("*");
  }

  /** {@return the condition that a blob is as it was listed; lists have ETags without their quotes} */
  private static BlobRequestConditions asListed(Stored listed) {
    String etag = listed.revision();
    return new BlobRequestConditions()
        .setIfMatch(etag.startsWith("\"") ? etag : "\"" + etag + "\"");
  }

  static byte[] md5(byte[] bytes) {
    try {
      return MessageDigest.getInstance("MD5").digest(bytes);
    } catch (NoSuchAlgorithmException e) {
      throw new AssertionError("every Java platform has MD5", e);
    }
  }
}
