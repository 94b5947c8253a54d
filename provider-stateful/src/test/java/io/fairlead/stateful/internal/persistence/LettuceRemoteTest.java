package io.fairlead.stateful.internal.persistence;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.fairlead.stateful.internal.cache.AnswerStore.Entry;
import io.fairlead.stateful.internal.cache.CachedAnswer;
import io.fairlead.stateful.internal.persistence.RemoteCache.Counts;
import io.lettuce.core.ClientOptions;
import io.lettuce.core.RedisClient;
import io.lettuce.core.api.StatefulRedisConnection;
import io.lettuce.core.api.sync.RedisCommands;
import io.lettuce.core.codec.ByteArrayCodec;
import java.io.ByteArrayOutputStream;
import java.io.File;
import java.io.IOException;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.net.URL;
import java.net.URLClassLoader;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class LettuceRemoteTest {
  private static final RemoteSettings BERT = RemoteSettings.of("bert");

  /** Where a test is not about time, a loaded machine may take its own. */
  private static final RemoteSettings PATIENT =
      BERT.withCommandTimeout(Duration.ofSeconds(20)).withConnectTimeout(Duration.ofSeconds(20));

  private static RedisProcess redis;
  private static RedisClient client;
  private static RedisCommands<byte[], byte[]> commands;

  @BeforeAll
  static void startRedis() throws IOException {
    redis = RedisProcess.started();
    client = RedisClient.create(redis.uri());
    commands = client.connect(ByteArrayCodec.INSTANCE).sync();
  }

  @AfterAll
  static void stopRedis() throws IOException {
    client.shutdown(Duration.ZERO, Duration.ofSeconds(5));
    redis.close();
  }

  @BeforeEach
  void empty() {
    commands.flushall();
  }

  private static RemoteCache open(String uri, RemoteSettings settings) {
    RemoteCache cache = RemoteCache.inRedis(uri, settings);
    Until.holds(cache::isUsable);
    return cache;
  }

  private static RemoteCache open() {
    return open(redis.uri(), PATIENT);
  }

  private static void put(RemoteCache cache, Entry entry) {
    long before = cache.counts().stored();
    cache.put(entry.key(), entry.answer());
    Until.holds(() -> cache.counts().stored() == before + 1);
  }

  private static boolean isHit(RemoteCache cache, int number) {
    Entry expected = Entries.entry(number);
    var answer = cache.get(expected.key(), Entries.DIGEST);
    answer.ifPresent(
        found -> assertThat(found.body()).isEqualTo(expected.answer().body()));
    return answer.isPresent();
  }

  /** {@return the only key that is stored} */
  private static byte[] storedKey() {
    List<byte[]> keys = commands.keys("*");
    assertThat(keys).hasSize(1);
    return keys.get(0);
  }

  @Test
  void whatOneCacheStoresAnotherFinds() {
    try (RemoteCache one = open();
        RemoteCache other = open()) {
      for (int number = 1; number < 100; number++) {
        Entry entry = Entries.entry(number);
        assertThat(other.get(entry.key(), Entries.DIGEST)).isEmpty();
        put(one, entry);

        CachedAnswer found = other.get(entry.key(), Entries.DIGEST).orElseThrow();

        assertThat(found.body()).isEqualTo(entry.answer().body());
        assertThat(found.variant()).isEqualTo(entry.answer().variant());
        assertThat(found.answeredAtMillis()).isEqualTo(entry.answer().answeredAtMillis());
        assertThat(found.costNanos()).isEqualTo(entry.answer().costNanos());
      }
      assertThat(one.counts()).isEqualTo(new Counts(0, 0, 0, 0, 0, 99, 0));
      assertThat(other.counts()).isEqualTo(new Counts(99, 99, 0, 0, 0, 0, 0));
    }
  }

  @Test
  void twoProcessesShareTheirAnswers() throws IOException {
    try (RemoteCache cache = open()) {
      put(cache, Entries.entry(1));
      try (Child child = Child.java(RemoteProcess.class, redis.uri())) {
        assertThat(child.line()).isEqualTo("hits 1");
        assertThat(child.line()).isEqualTo("stored 1");
      }
      assertThat(isHit(cache, 2)).isTrue();
    }
  }

  @Test
  void theRequestStaysInThisProcess() {
    Entry entry = Entries.entry(15);
    assertThat(entry.answer().request()).isNotNull();
    try (RemoteCache cache = open()) {
      put(cache, entry);

      assertThat(cache.get(entry.key(), Entries.DIGEST).orElseThrow().request()).isNull();
      assertThat(new String(commands.get(storedKey()), UTF_8)).doesNotContain("tenant");
    }
  }

  @Test
  void eachVersionOfAModelHasKeysOfItsOwn() {
    try (RemoteCache cache = open()) {
      put(cache, Entries.entry(1));

      assertThat(cache.get(Entries.key(1), "0".repeat(64))).isEmpty();
      assertThat(cache.counts().misses()).isEqualTo(1);

      byte[] key = storedKey();
      assertThat(key).hasSize("fairlead:bert:".length() + 16 + 16);
      assertThat(new String(key, UTF_8))
          .startsWith("fairlead:bert:" + Entries.DIGEST.substring(0, 16));
    }
  }

  @Test
  void aModelWhoseDigestBeginsAlikeIsAnother() {
    String other = Entries.DIGEST.substring(0, 60) + "0000";
    try (RemoteCache cache = open()) {
      put(cache, Entries.entry(1));

      assertThat(cache.get(Entries.key(1), other)).isEmpty();
      assertThat(cache.counts().invalid()).isEqualTo(1);
    }
  }

  @Test
  void aDigestMayBeAnyText() {
    try (RemoteCache cache = open()) {
      put(cache, Entries.entry(1, "v1", 10));

      assertThat(cache.get(Entries.key(1), "v1")).isPresent();
      assertThat(cache.get(Entries.key(1), "v2")).isEmpty();
    }
  }

  @Test
  void cachesOfOtherNamesShareNothing() {
    try (RemoteCache one = open();
        RemoteCache other = open(
            redis.uri(), RemoteSettings.of("gpt").withCommandTimeout(PATIENT.commandTimeout()))) {
      put(one, Entries.entry(1));
      assertThat(isHit(other, 1)).isFalse();
      assertThat(isHit(one, 1)).isTrue();
    }
  }

  @Test
  void anAnswerIsKeptForItsTimeToLive() {
    try (RemoteCache cache = open()) {
      put(cache, Entries.entry(1));
      assertThat(commands.pttl(storedKey())).isBetween(80_000_000L, 86_400_000L);
    }
    commands.flushall();
    try (RemoteCache cache = open(redis.uri(), PATIENT.withTimeToLive(Duration.ofMillis(50)))) {
      put(cache, Entries.entry(1));
      Until.holds(() -> !isHit(cache, 1));
    }
  }

  @Test
  void aDamagedValueIsAMissAndIsReplaced() {
    try (RemoteCache cache = open()) {
      put(cache, Entries.entry(1));
      byte[] key = storedKey();
      byte[] whole = commands.get(key);
      for (int at = 0; at < whole.length; at++) {
        byte[] damaged = whole.clone();
        damaged[at] ^= 0x10;
        commands.set(key, damaged);
        assertThat(isHit(cache, 1)).as("byte %d", at).isFalse();
      }
      commands.set(key, new byte[0]);
      assertThat(isHit(cache, 1)).isFalse();
      assertThat(cache.counts().invalid()).isEqualTo(whole.length + 1);

      put(cache, Entries.entry(1));

      assertThat(isHit(cache, 1)).isTrue();
    }
  }

  @Test
  void aKeyOfAnotherTypeIsAMissAndIsReplaced() {
    try (RemoteCache cache = open()) {
      put(cache, Entries.entry(1));
      byte[] key = storedKey();
      commands.del(key);
      commands.lpush(key, new byte[] {1});

      assertThat(isHit(cache, 1)).isFalse();

      assertThat(cache.isUsable()).isTrue();
      assertThat(cache.counts().failures()).isEqualTo(1);
      put(cache, Entries.entry(1));
      assertThat(isHit(cache, 1)).isTrue();
    }
  }

  @Test
  void anAnswerThatIsTooLargeIsNotStored() {
    try (RemoteCache cache = open()) {
      cache.put(Entries.key(1), Entries.entry(1, Entries.DIGEST, (1 << 20) + 1).answer());
      assertThat(cache.counts().unstored()).isEqualTo(1);
      put(cache, Entries.entry(2, Entries.DIGEST, 1 << 20));
    }
  }

  @Test
  void aServerThatIsFullIsAsked() throws Exception {
    try (RedisProcess full = RedisProcess.started("maxmemory 1", "maxmemory-policy noeviction");
        RemoteCache cache = open(full.uri(), PATIENT)) {
      cache.put(Entries.key(1), Entries.entry(1).answer());
      Until.holds(() -> cache.counts().unstored() == 1);
      assertThat(isHit(cache, 1)).isFalse();
      assertThat(cache.isUsable()).isTrue();
      assertThat(cache.counts().misses()).isEqualTo(1);
    }
  }

  @Test
  void aServerThatIsKilledCostsMissesUntilItIsBack() throws Exception {
    try (RedisProcess server = RedisProcess.started();
        RemoteCache cache = open(server.uri(), PATIENT)) {
      put(cache, Entries.entry(1));
      assertThat(isHit(cache, 1)).isTrue();

      server.kill();
      Until.holds(() -> !cache.isUsable());
      Counts before = cache.counts();
      for (int i = 0; i < 1000; i++) {
        assertThat(isHit(cache, 1)).isFalse();
        cache.put(Entries.key(1), Entries.entry(1).answer());
      }
      assertThat(cache.counts().skipped()).isEqualTo(before.skipped() + 1000);
      assertThat(cache.counts().unstored()).isEqualTo(before.unstored() + 1000);

      server.start();
      Until.holds(cache::isUsable);
      put(cache, Entries.entry(1));
      assertThat(isHit(cache, 1)).isTrue();
    }
  }

  @Test
  void aServerThatHangsCostsFewRequestsTheirTimeout() throws Exception {
    try (RedisProcess server = RedisProcess.started();
        RemoteCache cache = open(server.uri(), BERT)) {
      put(cache, Entries.entry(1));
      server.pause();
      long failures = cache.counts().failures();
      long begin = System.nanoTime();
      for (int i = 0; i < 1000; i++) {
        assertThat(isHit(cache, 1)).isFalse();
      }
      Duration taken = Duration.ofNanos(System.nanoTime() - begin);

      // One waits for 20 ms; 1,000 that did would take 20 s.
      assertThat(cache.counts().failures()).isEqualTo(failures + 1);
      assertThat(taken).isLessThan(Duration.ofSeconds(10));
      assertThat(cache.isUsable()).isFalse();

      server.resume();
      Until.holds(cache::isUsable);
      Until.holds(() -> isHit(cache, 1));
    }
  }

  @Test
  void whatIsBeingStoredIsBounded() throws Exception {
    try (RedisProcess server = RedisProcess.started();
        RemoteCache cache = open(server.uri(), PATIENT)) {
      server.pause();
      CachedAnswer large = Entries.entry(1, Entries.DIGEST, 1 << 20).answer();
      for (int i = 0; i < 40; i++) {
        cache.put(Entries.key(1), large);
      }
      assertThat(cache.counts().unstored()).isEqualTo(40 - 15);

      server.resume();
      Until.holds(() -> cache.counts().stored() == 15);
      put(cache, Entries.entry(2));
    }
  }

  /** It accepts connections, and answers nothing. */
  @Test
  void aServerThatNeverAnswersGetsNoLookups() throws Exception {
    List<Socket> accepted = new CopyOnWriteArrayList<>();
    Thread acceptor;
    try (ServerSocket server = new ServerSocket(0, 50, InetAddress.getLoopbackAddress())) {
      acceptor = new Thread(() -> acceptAll(server, accepted));
      acceptor.start();
      try (RemoteCache cache = RemoteCache.inRedis(
          "redis://127.0.0.1:" + server.getLocalPort(),
          BERT.withConnectTimeout(Duration.ofMillis(50)))) {
        Until.holds(() -> {
          assertThat(isHit(cache, 1)).isFalse();
          cache.put(Entries.key(1), Entries.entry(1).answer());
          return accepted.size() >= 3;
        });

        assertThat(cache.isUsable()).isFalse();
        assertThat(cache.counts().failures()).isZero();
      }
    }
    acceptor.join();
    for (Socket socket : accepted) {
      try (socket) {
        assertThat(sent(socket)).doesNotContain("GET").doesNotContain("fairlead");
      }
    }
  }

  /** {@return what was sent; the client may leave a connection open that it was about to give up when it was closed} */
  private static String sent(Socket socket) throws IOException {
    socket.setSoTimeout(500);
    ByteArrayOutputStream sent = new ByteArrayOutputStream();
    try {
      socket.getInputStream().transferTo(sent);
    } catch (SocketTimeoutException e) {
      // Nothing more comes.
    }
    return sent.toString(UTF_8);
  }

  private static void acceptAll(ServerSocket server, List<Socket> accepted) {
    try {
      while (true) {
        accepted.add(server.accept());
      }
    } catch (IOException e) {
      // It was closed.
    }
  }

  @Test
  void aServerThatIsNotThereYetIsUsedWhenItIs() throws Exception {
    try (RedisProcess server = RedisProcess.started()) {
      server.kill();
      try (RemoteCache cache = RemoteCache.inRedis(server.uri(), PATIENT)) {
        assertThat(isHit(cache, 1)).isFalse();
        cache.put(Entries.key(1), Entries.entry(1).answer());
        assertThat(cache.isUsable()).isFalse();

        server.start();

        Until.holds(cache::isUsable);
        put(cache, Entries.entry(1));
        assertThat(isHit(cache, 1)).isTrue();
      }
    }
  }

  @Test
  void aPasswordIsUsedAndNotTold() throws Exception {
    try (RedisProcess server = RedisProcess.started("requirepass secret-word")) {
      String uri = "redis://:secret-word@127.0.0.1:" + server.port();
      try (RemoteCache cache = open(uri, PATIENT)) {
        put(cache, Entries.entry(1));
        assertThat(isHit(cache, 1)).isTrue();
        assertThat(cache).hasToString("Redis at redis://127.0.0.1:" + server.port());
      }
    }
  }

  @Test
  void theUsersClientStaysAsItIs() throws Exception {
    RedisClient users = RedisClient.create(redis.uri());
    ClientOptions options = users.getOptions();
    try (StatefulRedisConnection<String, String> connection = users.connect()) {
      try (RemoteCache cache = LettuceRemote.over(users, PATIENT)) {
        Until.holds(cache::isUsable);
        put(cache, Entries.entry(1));
        assertThat(isHit(cache, 1)).isTrue();
        assertThat(cache).hasToString("Redis of the given client");
      }
      assertThat(users.getOptions()).isSameAs(options);
      assertThat(connection.sync().ping()).isEqualTo("PONG");
      users.connect().close();
    } finally {
      users.shutdown(Duration.ZERO, Duration.ofSeconds(5));
    }
  }

  @Test
  void theUsersClientIsConnectedAgain() throws Exception {
    try (RedisProcess server = RedisProcess.started()) {
      RedisClient users = RedisClient.create(server.uri());
      try (RemoteCache cache = LettuceRemote.over(users, PATIENT)) {
        Until.holds(cache::isUsable);
        server.kill();
        Until.holds(() -> !cache.isUsable());
        server.start();
        Until.holds(cache::isUsable);
        put(cache, Entries.entry(1));
        assertThat(isHit(cache, 1)).isTrue();
      } finally {
        users.shutdown(Duration.ZERO, Duration.ofSeconds(5));
      }
    }
  }

  @Test
  void nothingIsLeftWhenAClientOfItsOwnIsClosed() throws Exception {
    Set<Thread> before = threads();
    RemoteCache cache = open();
    put(cache, Entries.entry(1));
    Set<Thread> own = threads();
    own.removeAll(before);
    assertThat(own).isNotEmpty();

    cache.close();
    cache.close();

    for (Thread thread : own) {
      thread.join(TimeUnit.MINUTES.toMillis(1));
      assertThat(thread.isAlive()).as(thread.getName()).isFalse();
    }
    assertThat(isHit(cache, 1)).isFalse();
    cache.put(Entries.key(1), Entries.entry(1).answer());
    assertThat(cache.isUsable()).isFalse();
  }

  private static Set<Thread> threads() {
    Set<Thread> threads = new HashSet<>(Thread.getAllStackTraces().keySet());
    threads.removeIf(thread ->
        !thread.getName().startsWith("lettuce-") && !thread.getName().startsWith("fairlead-"));
    return threads;
  }

  @Test
  void oneThatIsClosedWhileItConnectsIsClosed() {
    Set<Thread> before = threads();
    List<RemoteCache> caches = new ArrayList<>();
    for (int i = 0; i < 5; i++) {
      caches.add(RemoteCache.inRedis(redis.uri(), PATIENT));
    }
    caches.forEach(RemoteCache::close);

    Until.holds(() -> before.containsAll(threads()));
  }

  @Test
  void anInterruptedThreadGetsAMissAndStaysInterrupted() {
    try (RemoteCache cache = open()) {
      put(cache, Entries.entry(1));

      Thread.currentThread().interrupt();
      boolean hit = isHit(cache, 1);

      assertThat(Thread.interrupted()).isTrue();
      assertThat(hit).isFalse();
      assertThat(cache.isUsable()).isTrue();
      assertThat(isHit(cache, 1)).isTrue();
    }
  }

  @Test
  void withoutLettuceItSaysWhatToAdd() throws Exception {
    List<URL> urls = new ArrayList<>();
    String classPath =
        System.getProperty("surefire.test.class.path", System.getProperty("java.class.path"));
    for (String file : classPath.split(File.pathSeparator, -1)) {
      if (!file.contains("lettuce-core")) {
        urls.add(new File(file).toURI().toURL());
      }
    }
    try (URLClassLoader loader =
        new URLClassLoader(urls.toArray(URL[]::new), ClassLoader.getPlatformClassLoader())) {
      Class<?> settings = loader.loadClass(RemoteSettings.class.getName());
      Method open = loader
          .loadClass(RemoteCache.class.getName())
          .getMethod("inRedis", String.class, settings);
      Object defaults = settings.getMethod("of", String.class).invoke(null, "bert");

      assertThatThrownBy(() -> open.invoke(null, redis.uri(), defaults))
          .isInstanceOf(InvocationTargetException.class)
          .cause()
          .isInstanceOf(IllegalStateException.class)
          .hasMessage(
              "A cache in Redis needs io.lettuce:lettuce-core, which is not on the class path.");
    }
  }
}
