package io.fairlead.vertex.internal.storage;

import io.fairlead.provider.LocalModel;
import io.fairlead.provider.UploadKeys;
import io.fairlead.provider.UploadedFiles.Digest;
import io.fairlead.reconcile.KindName;
import io.fairlead.reconcile.ModelUpload;
import io.fairlead.reconcile.ModelUploadKind;
import io.fairlead.vertex.VertexConfig;
import java.nio.ByteBuffer;
import java.util.Base64;
import java.util.Optional;

/** Uploads of local models to the artifact bucket: their kind, their keys, and their URIs. */
public final class Artifacts {
  public static final KindName<ModelUpload> KIND = new KindName<>("artifact", ModelUpload.class);

  public static final UploadKeys KEYS = new UploadKeys("fairlead/", 64);

  private Artifacts() {}

  /** {@return the kind, for the bucket of a configuration} */
  public static ModelUploadKind kind(VertexConfig config, StorageClient client) {
    return new ModelUploadKind(
        KIND,
        KEYS,
        new ArtifactBucket(config.artifactBucket().orElse(""), config.encryptionKey(), client));
  }

  /** {@return the desired state of a model's upload} */
  public static ModelUpload of(LocalModel model) {
    return ModelUpload.of(model, Artifacts::digest);
  }

  /** {@return the digest of a file, as Cloud Storage reports it: the checksum is big-endian and in Base64} */
  static Digest digest(LocalModel.Entry file) {
    byte[] checksum = ByteBuffer.allocate(Integer.BYTES).putInt(file.crc32c()).array();
    return new Digest(file.size(), Base64.getEncoder().encodeToString(checksum));
  }

  /** {@return the URI of a key} */
  public static String location(String bucket, String key) {
    return "gs://" + bucket + "/" + key + "/";
  }

  /** {@return the key of an upload at a location; empty if it is no upload to this bucket} */
  public static Optional<String> keyOf(String bucket, String artifactUri) {
    String begin = "gs://" + bucket + "/";
    if (bucket.isEmpty() || !artifactUri.startsWith(begin)) {
      return Optional.empty();
    }
    String key = artifactUri.substring(begin.length());
    return Optional.of(key.endsWith("/") ? key.substring(0, key.length() - 1) : key)
        .filter(KEYS::isKey);
  }
}
