package io.fairlead.reconcile;

import io.fairlead.provider.LocalModel;
import io.fairlead.reconcile.ReconcileRequest.PreparationContext;

/**
 * Reports the progress of hashing a local model, in about twenty steps, and stops it when the operation has to stop.
 */
final class HashingProgress implements LocalModel.Listener {
  private static final int STEPS = 20;
  private static final long LEAST = 64L << 20;
  private static final double MEBI = 1 << 20;

  private final String model;
  private final PreparationContext preparing;
  private long nextReport;

  HashingProgress(LocalModel.Source source, PreparationContext preparing) {
    this.model = String.valueOf(source.weights().getFileName());
    this.preparing = preparing;
  }

  @Override
  public void read(long bytes, long of) {
    preparing.checkStop();
    if (bytes >= nextReport || bytes == of) {
      nextReport = bytes + Math.max(LEAST, of / STEPS);
      preparing.report("hashing %s: %.1f of %.1f MiB".formatted(model, bytes / MEBI, of / MEBI));
    }
  }
}
