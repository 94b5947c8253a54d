package io.fairlead.azureml.internal.storage;

import com.azure.core.util.BinaryData;
import com.azure.core.util.Context;
import com.azure.storage.blob.options.BlockBlobStageBlockOptions;
import com.azure.storage.blob.specialized.BlockBlobClient;
import io.fairlead.error.ServingException;
import io.fairlead.provider.Deadline;
import io.fairlead.provider.LocalModel;
import io.fairlead.provider.RetryPolicy;
import io.fairlead.provider.TimeSource;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.ThreadLocalRandom;

/**
 * The blocks of a large file, which make a blob once their list is committed.
 *
 * <p>One that gets no answer is sent again, because otherwise all would be. Its id is made of the file's hash and its
 * place, so that two processes that upload the same file at the same time send the same blocks.
 */
final class Blocks {
  /** One that is sent for the first time, and four more. */
  private static final RetryPolicy AGAIN = new RetryPolicy(
      5, Duration.ofMillis(200), Duration.ofSeconds(5), RetryPolicy.DEFAULT.settling());

  private static final Duration LIMIT = Duration.ofMinutes(15);

  private static final int MOST_BLOCKS = 50_000;
  private static final int HASH_DIGITS = 40;

  private final String what;
  private final BlockBlobClient blob;
  private final BlobErrors errors;
  private final TimeSource time;
  private final int usual;

  /**
   * Creates the blocks of one file.
   *
   * @param usual their size, unless there would be too many
   */
  Blocks(String what, BlockBlobClient blob, BlobErrors errors, TimeSource time, int usual) {
    this.what = what;
    this.blob = blob;
    this.errors = errors;
    this.time = time;
    this.usual = usual;
  }

  /** {@return the ids of a file's blocks, in order, once all are sent} */
  List<String> stage(InputStream bytes, LocalModel.Entry file) throws IOException {
    int size = blockSize(file.size(), usual);
    List<String> ids = new ArrayList<>();
    for (byte[] block = bytes.readNBytes(size); block.length > 0; block = bytes.readNBytes(size)) {
      String id = id(file, ids.size());
      stage(id, block);
      ids.add(id);
    }
    return ids;
  }

  /** {@return the size of a file's blocks, of which a blob has not more than so many} */
  static int blockSize(long fileSize, int usual) {
    return Math.toIntExact(Math.max(usual, (fileSize + MOST_BLOCKS - 1) / MOST_BLOCKS));
  }

  private static String id(LocalModel.Entry file, int place) {
    String id = file.sha256().substring(0, HASH_DIGITS) + String.format(Locale.ROOT, "%05d", place);
    return Base64.getEncoder().encodeToString(id.getBytes(StandardCharsets.US_ASCII));
  }

  private void stage(String id, byte[] block) {
    BlockBlobStageBlockOptions options = new BlockBlobStageBlockOptions(
            id, BinaryData.fromBytes(block))
        .setContentMd5(BlobCalls.md5(block));
    Deadline deadline = Deadline.after(LIMIT, time);
    for (int attempt = 1; ; attempt++) {
      try {
        errors.call(what, () -> blob.stageBlockWithResponse(options, null, Context.NONE));
        return;
      } catch (ServingException e) {
        Duration pause = pauseAfter(attempt, e);
        if (!e.retryable()
            || attempt == AGAIN.attempts()
            || pause.compareTo(deadline.left()) >= 0) {
          throw e;
        }
        pause(pause);
      }
    }
  }

  private static Duration pauseAfter(int attempt, ServingException failure) {
    Duration pause = AGAIN.pauseAfter(attempt, ThreadLocalRandom.current());
    return failure.retryAfter().filter(asked -> asked.compareTo(pause) > 0).orElse(pause);
  }

  private void pause(Duration pause) {
    try {
      time.pause(pause);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw BlobErrors.interrupted(what, e);
    }
  }
}
