package io.fairlead.sagemaker.internal.credentials;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.fairlead.provider.TimeSource;
import java.net.URI;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.Base64;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import software.amazon.awssdk.auth.credentials.AwsCredentials;
import software.amazon.awssdk.http.SdkHttpMethod;
import software.amazon.awssdk.http.SdkHttpRequest;
import software.amazon.awssdk.http.auth.aws.signer.AwsV4FamilyHttpSigner;
import software.amazon.awssdk.http.auth.aws.signer.AwsV4FamilyHttpSigner.AuthLocation;
import software.amazon.awssdk.http.auth.aws.signer.AwsV4HttpSigner;
import software.amazon.awssdk.http.auth.spi.signer.HttpSigner;

/**
 * SageMaker's bearer tokens, for clients that cannot sign requests: a presigned request, which is never sent, in Base64.
 *
 * <p>The rules are those of sagemaker-python-sdk's {@code token_generator.py}. A token is made without a remote call, and
 * is a secret: whoever has it may do until its end what its credentials allow at the route.
 */
public final class BearerTokens implements Supplier<String> {
  /** The longest life that SageMaker accepts. */
  public static final Duration LONGEST = Duration.ofHours(12);

  private static final URI REQUEST =
      URI.create("https://sagemaker.amazonaws.com/?Action=CallWithBearerToken");
  private static final String SCHEME = "https://";
  private static final String SERVICE = "sagemaker";
  private static final String VERSION = "&Version=1";
  private static final String PREFIX = "sagemaker-api-key-";

  /** A token is renewed when it has a fifth of its life left, but not earlier than five minutes before its end. */
  private static final int RENEWED_AT = 5;

  private static final Duration EARLIEST = Duration.ofMinutes(5);

  private final Supplier<AwsCredentials> credentials;
  private final String region;
  private final Duration life;
  private final TimeSource time;
  private final AtomicBoolean renewing = new AtomicBoolean();
  private volatile @Nullable Token last;

  /** A token with its times; a class, so that no text has the secret. */
  private static final class Token {
    private final String text;
    private final Instant from;
    private final Instant renewal;
    private final Instant end;

    Token(String text, Instant from, Instant end) {
      this.text = text;
      this.from = from;
      this.end = end;
      Duration margin = Duration.between(from, end).dividedBy(RENEWED_AT);
      this.renewal = end.minus(margin.compareTo(EARLIEST) > 0 ? EARLIEST : margin);
    }

    boolean isBefore(Instant limit, Instant now) {
      // Where the clock was set back, it is not known how old the token is.
      return now.isBefore(limit) && !now.isBefore(from);
    }
  }

  /**
   * Creates a supplier of tokens, each of which is renewed before its end.
   *
   * @param credentials supplies the credentials that are valid now; it may make a remote call
   * @param life how long a token lives, at most {@link #LONGEST}, and less if its credentials end earlier
   */
  public BearerTokens(
      Supplier<AwsCredentials> credentials, String region, Duration life, TimeSource time) {
    this.credentials = credentials;
    this.region = region;
    this.life = life;
    this.time = time;
  }

  /**
   * {@return the token that is valid now}
   *
   * <p>While one is renewed, other threads get the one before as long as it lives. So they do if its renewal fails.
   */
  @Override
  public String get() {
    Instant now = time.now();
    Token known = last;
    if (known == null || !known.isBefore(known.end, now)) {
      return renewed(now).text;
    }
    if (known.isBefore(known.renewal, now) || !renewing.compareAndSet(false, true)) {
      return known.text;
    }
    try {
      return renewed(now).text;
    } catch (RuntimeException e) {
      return known.text;
    } finally {
      renewing.set(false);
    }
  }

  private Token renewed(Instant now) {
    AwsCredentials found = credentials.get();
    Instant end = now.plus(life);
    Token made = new Token(
        text(found, region, now, life),
        now,
        found.expirationTime().filter(end::isAfter).orElse(end));
    last = made;
    return made;
  }

  /** {@return a token} */
  static String text(AwsCredentials credentials, String region, Instant now, Duration life) {
    SdkHttpRequest request =
        SdkHttpRequest.builder().method(SdkHttpMethod.POST).uri(REQUEST).build();
    SdkHttpRequest signed = AwsV4HttpSigner.create()
        .sign(sign -> sign.identity(credentials)
            .request(request)
            .putProperty(AwsV4FamilyHttpSigner.SERVICE_SIGNING_NAME, SERVICE)
            .putProperty(AwsV4HttpSigner.REGION_NAME, region)
            .putProperty(AwsV4FamilyHttpSigner.AUTH_LOCATION, AuthLocation.QUERY_STRING)
            .putProperty(AwsV4FamilyHttpSigner.EXPIRATION_DURATION, life)
            .putProperty(HttpSigner.SIGNING_CLOCK, Clock.fixed(now, ZoneOffset.UTC)))
        .request();
    String presigned = signed.getUri().toString().substring(SCHEME.length()) + VERSION;
    return PREFIX + Base64.getEncoder().encodeToString(presigned.getBytes(UTF_8));
  }

  /** {@return the region and the life, without the token} */
  @Override
  public String toString() {
    return "BearerTokens[" + region + ", " + life + "]";
  }
}
