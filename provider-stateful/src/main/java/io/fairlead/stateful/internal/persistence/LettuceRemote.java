package io.fairlead.stateful.internal.persistence;

import static java.nio.charset.StandardCharsets.UTF_8;
import static java.util.Objects.requireNonNull;

import io.fairlead.provider.Sha256;
import io.fairlead.stateful.internal.cache.CacheKey;
import io.fairlead.stateful.internal.cache.CachedAnswer;
import io.lettuce.core.ClientOptions;
import io.lettuce.core.MaintNotificationsConfig;
import io.lettuce.core.RedisChannelHandler;
import io.lettuce.core.RedisClient;
import io.lettuce.core.RedisCommandExecutionException;
import io.lettuce.core.RedisConnectionStateListener;
import io.lettuce.core.RedisFuture;
import io.lettuce.core.RedisURI;
import io.lettuce.core.SetArgs;
import io.lettuce.core.SocketOptions;
import io.lettuce.core.TimeoutOptions;
import io.lettuce.core.api.StatefulRedisConnection;
import io.lettuce.core.api.async.RedisAsyncCommands;
import io.lettuce.core.codec.ByteArrayCodec;
import io.lettuce.core.resource.ClientResources;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.atomic.LongAdder;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A remote cache in Redis or Valkey, by Lettuce.
 *
 * <p>It is a circuit breaker (Nygard, Release It!, 2007): the first lookup that fails or takes too long opens it, and
 * all are misses at once until the server has answered a PING, which a thread of its own sends after 10 ms, and then at
 * growing intervals of up to half a second. That thread connects, too, so that no caller ever waits for a connection; a
 * connection that was lost is given up, because Lettuce's own attempts become as rare as every 30 s.
 *
 * <p>A key begins with the digest of the model, so that each version has a space of its own; entries of versions that
 * nobody asks for end with their time to live. Requests that are retained with answers stay in this process.
 */
public final class LettuceRemote implements RemoteCache {
  private static final Logger LOG = LoggerFactory.getLogger(LettuceRemote.class);

  /** The time that a larger answer takes would be taken for trouble. */
  private static final int MAX_BYTES = 1 << 20;

  private static final long MAX_PENDING_BYTES = 16L << 20;
  private static final int MAX_PREFIXES = 100;

  private static final int FIRST_DELAY_MILLIS = 10;
  private static final int MAX_DELAY_MILLIS = 500;
  private static final int SLOW_AFTER_FAILURES = 10;
  private static final Duration PING_TIMEOUT = Duration.ofMillis(500);
  private static final Duration CLOSE_TIMEOUT = Duration.ofSeconds(5);

  private final String description;
  private final RemoteSettings settings;
  private final Connector connector;
  private final ScheduledThreadPoolExecutor executor;
  private final AnswerCodec codec = new AnswerCodec();
  private final SetArgs timeToLive;
  private final ConcurrentMap<String, byte[]> prefixes = new ConcurrentHashMap<>();

  /** What lookups go through; null while the circuit is open. */
  private final AtomicReference<@Nullable RedisAsyncCommands<byte[], byte[]>> usable =
      new AtomicReference<>();

  private final AtomicInteger failuresInARow = new AtomicInteger();
  private final AtomicLong pendingBytes = new AtomicLong();
  private final AtomicBoolean warned = new AtomicBoolean();
  private final AtomicBoolean closed = new AtomicBoolean();

  /** Only of the executor's thread, and of whoever closes after that has ended. */
  private @Nullable StatefulRedisConnection<byte[], byte[]> connection;

  private final LongAdder hits = new LongAdder();
  private final LongAdder misses = new LongAdder();
  private final LongAdder invalid = new LongAdder();
  private final LongAdder failures = new LongAdder();
  private final LongAdder skipped = new LongAdder();
  private final LongAdder stored = new LongAdder();
  private final LongAdder unstored = new LongAdder();

  /** Where connections come from. */
  private interface Connector {
    /** Connects, or throws; takes its time. */
    StatefulRedisConnection<byte[], byte[]> connect();

    /** Whether a thread that waits in it may be interrupted. */
    boolean isInterruptible();

    /** Ends what is not the user's. */
    void close();
  }

  private LettuceRemote(String description, RemoteSettings settings, Connector connector) {
    this.description = description;
    this.settings = settings;
    this.connector = connector;
    this.timeToLive = SetArgs.Builder.px(settings.timeToLive());
    this.executor = new ScheduledThreadPoolExecutor(1, task -> {
      Thread thread = new Thread(task, "fairlead-remote-cache-" + settings.name());
      thread.setDaemon(true);
      return thread;
    });
    executor.setExecuteExistingDelayedTasksAfterShutdownPolicy(false);
    executor.execute(this::restore);
  }

  /**
   * Opens a cache with a client of its own, which connects in the background.
   *
   * @param uri such as {@code rediss://user:password@host:6379/0}
   * @throws IllegalArgumentException if the URI is none of a server, or would send its password in plaintext to another
   *     machine; the message does not have the password
   */
  public static RemoteCache open(String uri, RemoteSettings settings) {
    RedisAddress address = RedisAddress.of(uri);
    RedisURI parsed;
    try {
      parsed = RedisURI.create(address.uri());
    } catch (IllegalArgumentException e) {
      // Its message may have the URI.
      throw new IllegalArgumentException(
          "The database or a parameter in the URI of " + address + " is not valid.");
    }
    parsed.setTimeout(settings.connectTimeout());
    return new LettuceRemote("Redis at " + address, settings, new OwnClient(parsed, settings));
  }

  /**
   * Opens a cache over a client of the user's, which has its server in it, and stays as it is: it is neither closed nor
   * given other options. Its connect timeout bounds how soon a server is found to be back.
   */
  static RemoteCache over(Object client, RemoteSettings settings) {
    RedisClient users = (RedisClient) requireNonNull(client, "client");
    return new LettuceRemote("Redis of the given client", settings, new UsersClient(users));
  }

  /** A client that was made here. */
  private static final class OwnClient implements Connector {
    private final RedisURI uri;
    private final RemoteSettings settings;

    // As the connection of the cache, of one thread at a time.
    private @Nullable ClientResources resources;
    private @Nullable RedisClient client;

    OwnClient(RedisURI uri, RemoteSettings settings) {
      this.uri = uri;
      this.settings = settings;
    }

    @Override
    public StatefulRedisConnection<byte[], byte[]> connect() {
      RedisClient made = client;
      if (made == null) {
        made = newClient();
      }
      return made.connect(ByteArrayCodec.INSTANCE);
    }

    private RedisClient newClient() {
      ClientResources made = ClientResources.builder()
          .ioThreadPoolSize(2)
          .computationThreadPoolSize(2)
          .build();
      resources = made;
      RedisClient opened = RedisClient.create(made, uri);
      client = opened;
      opened.setOptions(ClientOptions.builder()
          .autoReconnect(false)
          .disconnectedBehavior(ClientOptions.DisconnectedBehavior.REJECT_COMMANDS)
          .maintNotificationsConfig(MaintNotificationsConfig.disabled())
          .socketOptions(SocketOptions.builder()
              .connectTimeout(settings.connectTimeout())
              .keepAlive(true)
              .build())
          // Lookups are waited for here, and a timer for each would cost more than it does.
          .timeoutOptions(TimeoutOptions.builder().timeoutCommands(false).build())
          .build());
      return opened;
    }

    @Override
    public boolean isInterruptible() {
      return true;
    }

    @Override
    public void close() {
      if (client != null) {
        client.shutdown(Duration.ZERO, CLOSE_TIMEOUT);
      }
      if (resources != null) {
        resources
            .shutdown(0, CLOSE_TIMEOUT.toMillis(), TimeUnit.MILLISECONDS)
            .awaitUninterruptibly(CLOSE_TIMEOUT.toMillis());
      }
    }
  }

  /**
   * A client of the user's. A thread that connects by it is not interrupted, since nobody would close the connection
   * that it may come to have.
   */
  private record UsersClient(RedisClient client) implements Connector {
    @Override
    public StatefulRedisConnection<byte[], byte[]> connect() {
      return client.connect(ByteArrayCodec.INSTANCE);
    }

    @Override
    public boolean isInterruptible() {
      return false;
    }

    @Override
    public void close() {
      // It is the user's.
    }
  }

  @Override
  public Optional<CachedAnswer> get(CacheKey key, String modelDigest) {
    RedisAsyncCommands<byte[], byte[]> commands = usable.get();
    if (commands == null) {
      skipped.increment();
      return Optional.empty();
    }
    byte[] bytes;
    try {
      RedisFuture<byte[]> looked = commands.get(remoteKey(key, modelDigest));
      bytes = await(looked, settings.commandTimeout());
    } catch (TimeoutException e) {
      failures.increment();
      open(commands, "no answer within " + settings.commandTimeout());
      return Optional.empty();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      failures.increment();
      return Optional.empty();
    } catch (ExecutionException e) {
      failed(commands, requireNonNull(e.getCause()));
      return Optional.empty();
    } catch (RuntimeException e) {
      failed(commands, e);
      return Optional.empty();
    }
    if (failuresInARow.get() != 0) {
      failuresInARow.set(0);
    }
    if (bytes == null) {
      misses.increment();
      return Optional.empty();
    }
    CachedAnswer answer = codec.decode(bytes, key, modelDigest);
    (answer == null ? invalid : hits).increment();
    return Optional.ofNullable(answer);
  }

  @Override
  public void put(CacheKey key, CachedAnswer answer) {
    RedisAsyncCommands<byte[], byte[]> commands = usable.get();
    if (commands == null || answer.body().length > MAX_BYTES) {
      unstored.increment();
      return;
    }
    byte[] bytes = AnswerCodec.encode(key, withoutRequest(answer));
    if (pendingBytes.addAndGet(bytes.length) > MAX_PENDING_BYTES) {
      pendingBytes.addAndGet(-bytes.length);
      unstored.increment();
      return;
    }
    RedisFuture<String> storing;
    try {
      storing = commands.set(remoteKey(key, answer.modelDigest()), bytes, timeToLive);
    } catch (RuntimeException e) {
      pendingBytes.addAndGet(-bytes.length);
      unstored.increment();
      failed(commands, e);
      return;
    }
    storing.whenComplete((ok, e) -> {
      pendingBytes.addAndGet(-bytes.length);
      if (e == null) {
        stored.increment();
      } else {
        unstored.increment();
        failed(commands, e);
      }
    });
  }

  private static CachedAnswer withoutRequest(CachedAnswer answer) {
    return answer.request() == null
        ? answer
        : new CachedAnswer(
            answer.body(),
            answer.contentType(),
            answer.variant(),
            answer.modelDigest(),
            answer.answeredAtMillis(),
            answer.costNanos(),
            null);
  }

  /** {@return the name of the cache, what begins the model's digest, and the key} */
  private byte[] remoteKey(CacheKey key, String modelDigest) {
    byte[] prefix = prefixes.get(modelDigest);
    if (prefix == null) {
      prefix = ("fairlead:" + settings.name() + ":" + shortened(modelDigest)).getBytes(UTF_8);
      if (prefixes.size() < MAX_PREFIXES) {
        prefixes.put(modelDigest, prefix);
      }
    }
    return ByteBuffer.allocate(prefix.length + 2 * Long.BYTES)
        .put(prefix)
        .putLong(key.high())
        .putLong(key.low())
        .array();
  }

  private static String shortened(String modelDigest) {
    byte[] digest = AnswerCodec.packedHex(modelDigest);
    String hex = digest == null || digest.length < Long.BYTES
        ? Sha256.of(modelDigest.getBytes(UTF_8))
        : modelDigest;
    return hex.substring(0, 2 * Long.BYTES);
  }

  private void failed(RedisAsyncCommands<byte[], byte[]> commands, Throwable cause) {
    failures.increment();
    if (cause instanceof RedisCommandExecutionException) {
      // The server is there; a key of another type, a full server and the like concern the one
      // command.
      LOG.debug("{} refused a command", this, cause);
    } else {
      open(commands, reason(cause));
    }
  }

  /** Opens the circuit, unless it was opened since these commands were begun. */
  private void open(RedisAsyncCommands<byte[], byte[]> commands, String reason) {
    if (!usable.compareAndSet(commands, null)) {
      return;
    }
    int inARow = failuresInARow.incrementAndGet();
    LOG.debug("{} is not used for a while: {}", this, reason);
    if (inARow >= SLOW_AFTER_FAILURES) {
      warn(reason);
    }
    retryLater(inARow);
  }

  private void warn(String reason) {
    if (!closed.get() && warned.compareAndSet(false, true)) {
      LOG.warn("{} is not usable, and requests go on without it: {}", this, reason);
    }
  }

  private void retryLater(int inARow) {
    long delay = (long) FIRST_DELAY_MILLIS << Math.min(inARow - 1, Integer.SIZE - 1);
    try {
      Future<?> unused = executor.schedule(
          this::restore, Math.min(delay, MAX_DELAY_MILLIS), TimeUnit.MILLISECONDS);
    } catch (RejectedExecutionException e) {
      // It was closed.
    }
  }

  /** Closes the circuit if the server answers; otherwise tries again later. */
  private void restore() {
    tryToRestore();
    if (closed.get()) {
      // Whoever closes may have given up waiting, and interrupts so that this need not be waited
      // for.
      boolean unused = Thread.interrupted();
      usable.set(null);
      disconnect();
      connector.close();
    }
  }

  private void tryToRestore() {
    try {
      StatefulRedisConnection<byte[], byte[]> current = connection;
      if (current == null || !isAnswering(current)) {
        disconnect();
        current = connector.connect();
        connection = current;
        RedisAsyncCommands<byte[], byte[]> commands = current.async();
        current.addListener(new RedisConnectionStateListener() {
          @Override
          public void onRedisDisconnected(RedisChannelHandler<?, ?> disconnected) {
            open(commands, "disconnected");
          }
        });
        if (!isAnswering(current)) {
          throw new IllegalStateException("connected, but no answer within " + PING_TIMEOUT);
        }
      }
      restored(current);
    } catch (RuntimeException | LinkageError e) {
      disconnect();
      warn(reason(e));
      LOG.debug("{} could not be reached", this, e);
      retryLater(failuresInARow.incrementAndGet());
    }
  }

  private void restored(StatefulRedisConnection<byte[], byte[]> current) {
    RedisAsyncCommands<byte[], byte[]> commands = current.async();
    usable.set(commands);
    if (!current.isOpen()) {
      open(commands, "disconnected");
    } else if (warned.compareAndSet(true, false)) {
      LOG.info("{} is usable", this);
    }
  }

  private static boolean isAnswering(StatefulRedisConnection<byte[], byte[]> current) {
    if (!current.isOpen()) {
      return false;
    }
    try {
      await(current.async().ping(), PING_TIMEOUT);
      return true;
    } catch (TimeoutException e) {
      return false;
    } catch (ExecutionException e) {
      return e.getCause() instanceof RedisCommandExecutionException;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return false;
    }
  }

  // Not by RedisFuture.await, which turns an interrupt into an exception like any other.
  private static <T> T await(RedisFuture<T> future, Duration timeout)
      throws InterruptedException, ExecutionException, TimeoutException {
    try {
      return future.get(timeout.toNanos(), TimeUnit.NANOSECONDS);
    } catch (InterruptedException | TimeoutException e) {
      future.cancel(true);
      throw e;
    }
  }

  private void disconnect() {
    StatefulRedisConnection<byte[], byte[]> current = connection;
    connection = null;
    if (current != null) {
      Future<?> unused = current.closeAsync();
    }
  }

  private static String reason(Throwable e) {
    Throwable root = e;
    while (root.getCause() != null) {
      root = root.getCause();
    }
    String message = root.getMessage();
    return message == null ? root.toString() : message;
  }

  @Override
  public boolean isUsable() {
    return usable.get() != null;
  }

  @Override
  public Counts counts() {
    return new Counts(
        hits.sum(),
        misses.sum(),
        invalid.sum(),
        failures.sum(),
        skipped.sum(),
        stored.sum(),
        unstored.sum());
  }

  @Override
  public void close() {
    if (!closed.compareAndSet(false, true)) {
      return;
    }
    usable.set(null);
    if (connector.isInterruptible()) {
      executor.shutdownNow();
    } else {
      executor.shutdown();
    }
    boolean ended = false;
    try {
      ended = executor.awaitTermination(CLOSE_TIMEOUT.toMillis(), TimeUnit.MILLISECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    if (ended) {
      disconnect();
    }
    connector.close();
  }

  @Override
  public String toString() {
    return description;
  }
}
