package io.fairlead.sagemaker.internal;

import io.fairlead.provider.ClientHolder;
import io.fairlead.provider.Lazy;
import io.fairlead.sagemaker.SageMakerConfig;
import io.fairlead.sagemaker.SageMakerProvider;
import io.fairlead.sagemaker.internal.credentials.TimedCredentials;
import java.time.Duration;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import software.amazon.awssdk.auth.credentials.AwsCredentials;
import software.amazon.awssdk.auth.credentials.AwsCredentialsProvider;
import software.amazon.awssdk.auth.credentials.DefaultCredentialsProvider;
import software.amazon.awssdk.auth.credentials.ProfileCredentialsProvider;
import software.amazon.awssdk.awscore.client.builder.AwsClientBuilder;
import software.amazon.awssdk.awscore.client.builder.AwsSyncClientBuilder;
import software.amazon.awssdk.http.SdkHttpClient;
import software.amazon.awssdk.http.apache.ApacheHttpClient;
import software.amazon.awssdk.regions.Region;
import software.amazon.awssdk.retries.DefaultRetryStrategy;
import software.amazon.awssdk.services.applicationautoscaling.ApplicationAutoScalingClient;
import software.amazon.awssdk.services.cloudwatch.CloudWatchClient;
import software.amazon.awssdk.services.cloudwatchlogs.CloudWatchLogsClient;
import software.amazon.awssdk.services.s3.S3Client;
import software.amazon.awssdk.services.sagemaker.SageMakerClient;
import software.amazon.awssdk.services.sagemakerruntime.SageMakerRuntimeClient;

/**
 * The clients of the AWS services, each created when it is first needed, over one HTTP client.
 *
 * <p>The SDK's own retries are off: after a lost answer they would send a create again and report the rejection of
 * the second one. The reconciler retries calls, and for invocations the invoker does.
 */
final class SageMakerClients implements AutoCloseable {
  private static final Duration CONNECT_TIMEOUT = Duration.ofSeconds(5);
  /** Longer than any call's own timeout, which ends it. */
  private static final Duration SOCKET_TIMEOUT = Duration.ofHours(1);

  /** The SDK rejects a timeout of zero. */
  private static final Duration LEAST = Duration.ofMillis(1);

  private static final Duration TIMER_END = Duration.ofSeconds(2);
  private static final int MOST_CONNECTIONS = 1000;

  private final SageMakerConfig config;
  private final ClientHolder holder = new ClientHolder(SageMakerProvider.ID);
  private final Lazy<SdkHttpClient> http = new Lazy<>(holder) {
    @Override
    protected SdkHttpClient make() {
      return config
          .httpClient()
          .orElseGet(() -> holder.closeLater(ApacheHttpClient.builder()
              .connectionTimeout(CONNECT_TIMEOUT)
              .socketTimeout(SOCKET_TIMEOUT)
              .maxConnections(MOST_CONNECTIONS)
              .tcpKeepAlive(true)
              .build()));
    }
  };
  /**
   * Ends calls at their timeouts. The SDK's own executor would start five threads for each client, and stop them some
   * time after the client.
   */
  private final Lazy<ScheduledExecutorService> timer = new Lazy<>(holder) {
    @Override
    protected ScheduledExecutorService make() {
      Timer one = new Timer();
      holder.closeLater(() -> {
        one.shutdownNow();
        one.awaitTermination(TIMER_END.toMillis(), TimeUnit.MILLISECONDS);
      });
      return one;
    }
  };

  private final Lazy<AwsCredentialsProvider> credentials = new Lazy<>(holder) {
    @Override
    protected AwsCredentialsProvider make() {
      AwsCredentialsProvider timed = TimedCredentials.of(source(), config.callTimeout());
      if (timed instanceof TimedCredentials threaded) {
        holder.closeLater(threaded);
      }
      return timed;
    }

    private AwsCredentialsProvider source() {
      return config
          .credentials()
          .orElseGet(() -> config.profile().isEmpty()
              ? holder.closeLater(DefaultCredentialsProvider.builder().build())
              : holder.closeLater(
                  ProfileCredentialsProvider.create(config.profile().get())));
    }
  };
  private final Lazy<SageMakerClient> controlPlane = new Lazy<>(holder) {
    @Override
    protected SageMakerClient make() {
      return config
          .clients()
          .controlPlane()
          .orElseGet(
              () -> holder.closeLater(configured(SageMakerClient.builder()).build()));
    }
  };
  private final Lazy<SageMakerRuntimeClient> runtime = new Lazy<>(holder) {
    @Override
    protected SageMakerRuntimeClient make() {
      return config
          .clients()
          .runtime()
          .orElseGet(() ->
              holder.closeLater(configured(SageMakerRuntimeClient.builder()).build()));
    }
  };
  private final Lazy<S3Client> s3 = new Lazy<>(holder) {
    @Override
    protected S3Client make() {
      return config
          .clients()
          .s3()
          .orElseGet(() -> holder.closeLater(configured(S3Client.builder())
              .forcePathStyle(config.endpoint().isPresent())
              .build()));
    }
  };
  private final Lazy<ApplicationAutoScalingClient> autoScaling = new Lazy<>(holder) {
    @Override
    protected ApplicationAutoScalingClient make() {
      return config
          .clients()
          .autoScaling()
          .orElseGet(() -> holder.closeLater(
              configured(ApplicationAutoScalingClient.builder()).build()));
    }
  };

  private final Lazy<CloudWatchClient> cloudWatch = new Lazy<>(holder) {
    @Override
    protected CloudWatchClient make() {
      return holder.closeLater(configured(CloudWatchClient.builder()).build());
    }
  };

  private final Lazy<CloudWatchLogsClient> logs = new Lazy<>(holder) {
    @Override
    protected CloudWatchLogsClient make() {
      return holder.closeLater(configured(CloudWatchLogsClient.builder()).build());
    }
  };

  SageMakerClients(SageMakerConfig config) {
    this.config = config;
  }

  SageMakerClient controlPlane() {
    return controlPlane.get();
  }

  SageMakerRuntimeClient runtime() {
    return runtime.get();
  }

  S3Client s3() {
    return s3.get();
  }

  ApplicationAutoScalingClient autoScaling() {
    return autoScaling.get();
  }

  CloudWatchClient cloudWatch() {
    return cloudWatch.get();
  }

  CloudWatchLogsClient logs() {
    return logs.get();
  }

  /** {@return the executor that ends calls at their timeouts} */
  ScheduledExecutorService timer() {
    return timer.get();
  }

  AwsCredentialsProvider credentials() {
    return credentials.get();
  }

  /** {@return credentials, loaded within a limit} */
  AwsCredentials resolveCredentials(Duration limit) {
    AwsCredentialsProvider source = credentials.get();
    return source instanceof TimedCredentials timed
        ? timed.get(limit)
        : source.resolveCredentials();
  }

  /**
   * {@return the remaining time of a limit once the runtime client has its credentials; the caller's own client loads
   * them itself}
   */
  Duration awaitRuntimeCredentials(Duration limit) {
    return config.clients().runtime().isPresent() ? limit : awaitCredentials(limit);
  }

  /**
   * Waits until a client that was created here has the credentials for a call.
   *
   * @param limit the limit of the call, including this wait
   * @return the remaining time
   */
  Duration awaitCredentials(Duration limit) {
    if (!(credentials.get() instanceof TimedCredentials timed)) {
      return limit;
    }
    long begin = System.nanoTime();
    timed.get(limit);
    Duration left = limit.minusNanos(System.nanoTime() - begin);
    return left.compareTo(LEAST) > 0 ? left : LEAST;
  }

  private <B extends AwsSyncClientBuilder<B, C> & AwsClientBuilder<B, C>, C> B configured(
      B builder) {
    config.endpoint().ifPresent(builder::endpointOverride);
    return builder
        .region(Region.of(config.region()))
        .credentialsProvider(credentials.get())
        .httpClient(http.get())
        .overrideConfiguration(override -> override
            .retryStrategy(DefaultRetryStrategy.doNotRetry())
            .scheduledExecutorService(timer.get())
            .apiCallTimeout(config.callTimeout()));
  }

  /** Checks that this is open. */
  void checkOpen() {
    holder.checkOpen();
  }

  /** Closes all that was created here, clients before the resources that they share. */
  @Override
  public void close() {
    holder.close();
  }

  /**
   * A timer of one thread that ends calls.
   *
   * <p>Timeouts of calls that have ended are removed by the thousand. Removing each one empties the queue, so that
   * the next one wakes the thread, which costs a quarter of a call; removing none keeps them until they expire.
   */
  private static final class Timer extends ScheduledThreadPoolExecutor {
    private static final int MOST_ENDED = 10_000;

    private final AtomicInteger scheduled = new AtomicInteger();

    Timer() {
      super(1, work -> {
        Thread thread = new Thread(work, "fairlead-sagemaker-timer");
        thread.setDaemon(true);
        return thread;
      });
    }

    @Override
    public ScheduledFuture<?> schedule(Runnable command, long delay, TimeUnit unit) {
      if (scheduled.incrementAndGet() % MOST_ENDED == 0) {
        purge();
      }
      return super.schedule(command, delay, unit);
    }
  }
}
