package io.fairlead.azureml.internal.storage;

import static java.util.Objects.requireNonNull;

import com.azure.core.http.HttpClient;
import io.fairlead.error.ErrorKind;
import io.fairlead.error.ServingException;
import io.fairlead.provider.LocalModel;
import io.fairlead.provider.ObjectStore;
import io.fairlead.provider.TimeSource;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The container of a datastore, whose revisions are the ETags of its blobs.
 *
 * <p>Its address and what signs requests are asked for when a call first needs them, and again after a refusal, since a
 * key or a signature may have been renewed. No class of the blobs' client is loaded before.
 */
public final class BlobStore implements ObjectStore {
  private final Supplier<BlobContainer> container;
  private final Supplier<HttpClient> http;
  private final Duration callTimeout;
  private final TimeSource time;
  private final int largestBlock;
  private volatile @Nullable BlobCalls known;

  /**
   * Creates a store that is connected when it is first used.
   *
   * @param container finds the container; it may call the platform, and throw a {@link ServingException}
   * @param http the client for requests, which its owner closes
   * @param callTimeout the limit of a call, to which the time for its bytes is added
   * @param time the clock for pauses
   */
  public BlobStore(
      Supplier<BlobContainer> container,
      Supplier<HttpClient> http,
      Duration callTimeout,
      TimeSource time) {
    this(container, http, callTimeout, time, BlobCalls.LARGEST_BLOCK);
  }

  /** Creates one that sends files as blocks that are larger than this. */
  BlobStore(
      Supplier<BlobContainer> container,
      Supplier<HttpClient> http,
      Duration callTimeout,
      TimeSource time,
      int largestBlock) {
    this.container = requireNonNull(container, "container");
    this.http = requireNonNull(http, "http");
    this.callTimeout = requireNonNull(callTimeout, "callTimeout");
    this.time = requireNonNull(time, "time");
    this.largestBlock = largestBlock;
  }

  @Override
  public List<Stored> list(String prefix) {
    return call(calls -> calls.list(prefix));
  }

  @Override
  public void upload(
      String name, LocalModel model, String file, String run, Optional<Stored> replaced) {
    call(calls -> {
      calls.upload(name, model, file, run, replaced);
      return name;
    });
  }

  @Override
  public void delete(Stored listed) {
    call(calls -> {
      calls.delete(listed);
      return listed;
    });
  }

  private <T> T call(Function<BlobCalls, T> call) {
    try {
      return call.apply(calls());
    } catch (ServingException e) {
      if (e.kind() == ErrorKind.UNAUTHORIZED) {
        known = null;
      }
      throw e;
    }
  }

  /** {@return the calls; two threads may both make them, for neither waits for a remote call of the other} */
  private BlobCalls calls() {
    BlobCalls calls = known;
    if (calls == null) {
      calls = new BlobCalls(container.get(), http.get(), callTimeout, time, largestBlock);
      known = calls;
    }
    return calls;
  }

  @Override
  public String toString() {
    return "BlobStore(" + callTimeout + ")";
  }
}
