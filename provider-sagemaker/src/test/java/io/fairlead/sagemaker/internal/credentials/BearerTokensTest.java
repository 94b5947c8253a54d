package io.fairlead.sagemaker.internal.credentials;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.fairlead.contract.VirtualTime;
import java.lang.reflect.Field;
import java.net.URLDecoder;
import java.time.Duration;
import java.time.Instant;
import java.util.Base64;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import software.amazon.awssdk.auth.credentials.AwsBasicCredentials;
import software.amazon.awssdk.auth.credentials.AwsCredentials;
import software.amazon.awssdk.auth.credentials.AwsSessionCredentials;

@Timeout(60)
class BearerTokensTest {
  private static final String PREFIX = "sagemaker-api-key-";
  private static final String KEY = "AKIDEXAMPLE";
  private static final String SECRET = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";
  private static final Instant NOW = Instant.parse("2026-10-05T12:00:00Z");
  private static final Duration LIFE = Duration.ofMinutes(15);
  private static final AwsCredentials BASIC = AwsBasicCredentials.create(KEY, SECRET);

  private final VirtualTime time = new VirtualTime();

  private BearerTokens tokens(Supplier<AwsCredentials> credentials) {
    return new BearerTokens(credentials, "us-west-2", LIFE, time);
  }

  private static String presigned(String token) {
    assertThat(token).startsWith(PREFIX);
    return new String(Base64.getDecoder().decode(token.substring(PREFIX.length())), UTF_8);
  }

  private static Map<String, String> parameters(String token) {
    Map<String, String> parameters = new HashMap<>();
    String presigned = presigned(token);
    for (String one : presigned.substring(presigned.indexOf('?') + 1).split("&", -1)) {
      String[] parts = one.split("=", 2);
      parameters.put(parts[0], URLDecoder.decode(parts[1], UTF_8));
    }
    return parameters;
  }

  // ---- as AWS's own generator makes them ----

  @Test
  void aTokenIsTheOneThatAwssGeneratorMakes() {
    String token = BearerTokens.text(BASIC, "us-west-2", NOW, LIFE);

    assertThat(presigned(token)).startsWith("sagemaker.amazonaws.com/?").endsWith("&Version=1");
    assertThat(parameters(token))
        .containsOnly(
            Map.entry("Action", "CallWithBearerToken"),
            Map.entry("X-Amz-Algorithm", "AWS4-HMAC-SHA256"),
            Map.entry("X-Amz-Credential", "AKIDEXAMPLE/20261005/us-west-2/sagemaker/aws4_request"),
            Map.entry("X-Amz-Date", "20261005T120000Z"),
            Map.entry("X-Amz-Expires", "900"),
            Map.entry("X-Amz-SignedHeaders", "host"),
            Map.entry(
                "X-Amz-Signature",
                "0ba7fbb36150d888acbe18e62e38bbce9a6fc0983c44b021ffa4f8b6e54132f5"),
            Map.entry("Version", "1"));
  }

  @Test
  void aTokenOfSessionCredentialsIsTheOneThatAwssGeneratorMakes() {
    AwsCredentials session = AwsSessionCredentials.create(KEY, SECRET, "SESSIONTOKEN/with+chars=");

    String token = BearerTokens.text(session, "us-west-2", NOW, LIFE);

    assertThat(parameters(token))
        .hasSize(9)
        .containsEntry("X-Amz-Security-Token", "SESSIONTOKEN/with+chars=")
        .containsEntry(
            "X-Amz-Signature", "14b6642bf17f527fc41523cf6c8db9cc8f34b7e622dccc2e4e7c8bed00bfaa4a");
  }

  @Test
  void theLongestLifeIsInIt() {
    assertThat(parameters(BearerTokens.text(BASIC, "us-west-2", NOW, BearerTokens.LONGEST)))
        .containsEntry("X-Amz-Expires", "43200");
  }

  // ---- renewal ----

  @Test
  void aTokenIsKeptUntilAFifthOfItsLifeIsLeft() {
    BearerTokens tokens = tokens(() -> BASIC);
    String first = tokens.get();

    time.pass(Duration.ofMinutes(12).minusMillis(1));
    assertThat(tokens.get()).isEqualTo(first);
    time.pass(Duration.ofMillis(1));
    String second = tokens.get();

    assertThat(second).isNotEqualTo(first);
    assertThat(tokens.get()).isEqualTo(second);
  }

  @Test
  void aLongOneIsRenewedFiveMinutesBeforeItsEnd() {
    BearerTokens tokens = new BearerTokens(() -> BASIC, "us-west-2", BearerTokens.LONGEST, time);
    String first = tokens.get();

    time.pass(Duration.ofHours(12).minusMinutes(5).minusMillis(1));
    assertThat(tokens.get()).isEqualTo(first);
    time.pass(Duration.ofMillis(1));
    assertThat(tokens.get()).isNotEqualTo(first);
  }

  @Test
  void aTokenEndsWithItsCredentials() {
    Instant end = time.now().plus(Duration.ofMinutes(5));
    BearerTokens tokens = tokens(() -> AwsSessionCredentials.builder()
        .accessKeyId(KEY)
        .secretAccessKey(SECRET)
        .sessionToken("token-" + time.now())
        .expirationTime(end)
        .build());
    String first = tokens.get();

    time.pass(Duration.ofMinutes(4).minusMillis(1));
    assertThat(tokens.get()).isEqualTo(first);
    time.pass(Duration.ofMillis(1));
    assertThat(tokens.get()).isNotEqualTo(first);
  }

  @Test
  void whileItsRenewalFailsATokenIsUsedUntilItsEnd() {
    IllegalStateException broken = new IllegalStateException("no credentials");
    boolean[] isBroken = {false};
    BearerTokens tokens = tokens(() -> {
      if (isBroken[0]) {
        throw broken;
      }
      return BASIC;
    });
    String first = tokens.get();
    isBroken[0] = true;

    time.pass(Duration.ofMinutes(14));
    assertThat(tokens.get()).isEqualTo(first);
    assertThat(tokens.get()).as("a failed renewal is no lock").isEqualTo(first);
    time.pass(Duration.ofMinutes(1));
    assertThatThrownBy(tokens::get).isSameAs(broken);
    isBroken[0] = false;
    assertThat(tokens.get()).isNotEqualTo(first);
  }

  @Test
  void whileOneThreadRenewsATokenTheOthersGetTheOneBefore() throws Exception {
    CountDownLatch asked = new CountDownLatch(1);
    CountDownLatch answer = new CountDownLatch(1);
    boolean[] isSlow = {false};
    BearerTokens tokens = tokens(() -> {
      if (isSlow[0]) {
        asked.countDown();
        await(answer);
      }
      return BASIC;
    });
    String first = tokens.get();
    isSlow[0] = true;
    time.pass(Duration.ofMinutes(13));
    ExecutorService threads = Executors.newSingleThreadExecutor();
    try {
      Future<String> renewing = threads.submit(tokens::get);
      await(asked);

      assertThat(tokens.get()).isEqualTo(first);
      answer.countDown();
      assertThat(renewing.get(30, TimeUnit.SECONDS)).isNotEqualTo(first).isEqualTo(tokens.get());
    } finally {
      answer.countDown();
      threads.shutdownNow();
    }
  }

  @Test
  void manyThreadsGetOneThatIsValid() throws Exception {
    BearerTokens tokens = tokens(() -> BASIC);
    ExecutorService threads = Executors.newFixedThreadPool(8);
    try {
      List<Future<String>> all =
          Stream.generate(() -> threads.submit(tokens::get)).limit(200).toList();
      Set<String> made = new HashSet<>();
      for (Future<String> one : all) {
        made.add(one.get(30, TimeUnit.SECONDS));
      }
      assertThat(made).as("of one moment").hasSize(1);
    } finally {
      threads.shutdownNow();
    }
  }

  private static void await(CountDownLatch latch) {
    try {
      if (!latch.await(30, TimeUnit.SECONDS)) {
        throw new IllegalStateException("nothing came within 30 seconds");
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  @Test
  void itsTextHasNoSecret() throws ReflectiveOperationException {
    BearerTokens tokens = tokens(() -> BASIC);
    String token = tokens.get();

    assertThat(Stream.of(tokens.toString(), String.valueOf(field(tokens))).toList())
        .allSatisfy(text ->
            assertThat(text).doesNotContain(token).doesNotContain(PREFIX).doesNotContain(SECRET));
  }

  /** {@return what is kept, as a debugger or a dump of the fields would write it} */
  private static Object field(BearerTokens tokens) throws ReflectiveOperationException {
    Field last = BearerTokens.class.getDeclaredField("last");
    last.setAccessible(true);
    return last.get(tokens);
  }
}
