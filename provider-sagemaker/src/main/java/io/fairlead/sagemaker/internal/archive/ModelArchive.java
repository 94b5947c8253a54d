package io.fairlead.sagemaker.internal.archive;

import io.fairlead.provider.LocalModel;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.util.Map;

/**
 * A local model as the {@code model.tar.gz} that SageMaker loads.
 *
 * <p>A gzipped tar file is used unchanged. The files of a folder are at the root of the archive, and those of the
 * code are under {@code code/}, where AWS's images expect {@code inference.py}.
 */
public final class ModelArchive {
  private static final int BUFFER = 1 << 16;
  private static final int BLOCKS_BESIDE_A_FILE = 16;

  private final LocalModel model;

  /** Makes an archive of a model, which is not read yet. */
  public ModelArchive(LocalModel model) {
    this.model = model;
  }

  /** {@return an upper bound of the bytes that {@link #writeTo} writes} */
  public long sizeAtMost() {
    long size = 0;
    for (LocalModel.Entry file : model.entries().values()) {
      size += file.size() + file.size() / 1_000 + (long) BLOCKS_BESIDE_A_FILE * TarGzWriter.BLOCK;
    }
    return size + BUFFER;
  }

  /**
   * Writes the archive, and does not close the stream. Reads each file once.
   *
   * @throws IOException what the stream throws
   * @throws io.fairlead.error.ServingException if a file has changed since it was hashed; the archive is then
   *     incomplete
   */
  public void writeTo(OutputStream out) throws IOException {
    if (model.isTarGz()) {
      try (InputStream whole = model.open(LocalModel.TAR_GZ)) {
        whole.transferTo(out);
      }
      out.flush();
      return;
    }
    try (TarGzWriter tar = new TarGzWriter(out)) {
      for (Map.Entry<String, LocalModel.Entry> entry : model.entries().entrySet()) {
        tar.begin(entry.getKey(), entry.getValue().size(), entry.getValue().executable());
        try (InputStream file = model.open(entry.getKey())) {
          copy(file, tar);
        }
      }
      tar.finish();
    }
  }

  private static void copy(InputStream file, TarGzWriter tar) throws IOException {
    byte[] buffer = new byte[BUFFER];
    for (int length = file.readNBytes(buffer, 0, BUFFER);
        length > 0;
        length = file.readNBytes(buffer, 0, BUFFER)) {
      tar.write(buffer, length);
    }
  }
}
