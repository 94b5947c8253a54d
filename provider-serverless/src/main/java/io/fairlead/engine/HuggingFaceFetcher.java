package io.fairlead.engine;

import static java.util.Objects.requireNonNull;

import io.fairlead.engine.internal.fetch.Hub;
import io.fairlead.engine.internal.fetch.TarStream;
import io.fairlead.engine.internal.fetch.Web;
import io.fairlead.grammar.Problems;
import io.fairlead.provider.Loopback;
import io.fairlead.provider.TimeSource;
import java.io.IOException;
import java.net.URI;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import org.slf4j.LoggerFactory;

/**
 * A fetcher of models of the Hugging Face hub, to be configured for {@code hf}.
 *
 * <pre>{@code
 * ServerlessConfig config = ServerlessConfig.DEFAULT.withFetcher("hf", new HuggingFaceFetcher());
 * ModelArtifact minilm = ModelArtifact.huggingFace("sentence-transformers/all-MiniLM-L6-v2");
 * }</pre>
 *
 * <p>A location is {@code hf://ORG/NAME}, {@code hf://ORG/NAME@REVISION} or {@code hf://ORG/NAME@REVISION/FILE}. Without
 * a file it is {@code onnx/model.onnx}, {@code model.onnx} or the only ONNX model. Its external data, its tokenizer and
 * the files that say what becomes of a text are fetched with it, and nothing else. Sizes and hashes are those of the
 * hub's list, or the fetch fails; a broken connection is resumed.
 *
 * <p>A revision that is a branch or a tag is resolved to its commit once, and pinned: all later loads by this fetcher, and
 * copies of it, are of that commit, whatever is pushed meanwhile. Only a commit as revision, 40 hexadecimal digits, is the
 * same model in each process; it is also loaded without asking the hub if it is in the cache.
 *
 * <p>Nothing secret is sent unless a token is given, and that only to the endpoint itself, not to where it redirects.
 */
public final class HuggingFaceFetcher implements ModelFetcher {
  private static final URI ENDPOINT = URI.create("https://huggingface.co");
  private static final String TOKEN = "HF_TOKEN";
  /** The version of what is made of a revision, in etags. */
  private static final String FORM = " 1";

  private final URI endpoint;
  private final String revision;
  private final String token;
  private final Duration timeout;
  private final Duration maxWait;
  private final long maxBytes;
  private final boolean stale;
  private final TimeSource time;
  private final ConcurrentMap<String, String> pinned;

  /** Creates a fetcher from huggingface.co of the branch main, without a token, with a timeout of 30 seconds. */
  public HuggingFaceFetcher() {
    this(TimeSource.system());
  }

  HuggingFaceFetcher(TimeSource time) {
    this(
        ENDPOINT,
        "main",
        "",
        Duration.ofSeconds(30),
        Duration.ofMinutes(1),
        16L << 30,
        false,
        time,
        new ConcurrentHashMap<>());
  }

  private HuggingFaceFetcher(
      URI endpoint,
      String revision,
      String token,
      Duration timeout,
      Duration maxWait,
      long maxBytes,
      boolean stale,
      TimeSource time,
      ConcurrentMap<String, String> pinned) {
    Problems.in("HuggingFaceFetcher")
        .check(
            endpoint.getHost() != null
                && ("https".equalsIgnoreCase(endpoint.getScheme())
                    || "http".equalsIgnoreCase(endpoint.getScheme())),
            "endpoint",
            "must be the URL of a hub, such as https://huggingface.co",
            endpoint)
        .check(
            token.isEmpty()
                || "https".equalsIgnoreCase(endpoint.getScheme())
                || Loopback.isHostOf(endpoint),
            "token",
            "must not be sent in plaintext: use an endpoint at https")
        .check(
            token.chars().allMatch(c -> c > ' ' && c < 0x7f),
            "token",
            "must be visible ASCII characters without a space")
        .check(!revision.isBlank(), "revision", "must be a branch, a tag or a commit")
        .check(
            timeout.compareTo(Duration.ofMillis(1)) >= 0
                && timeout.compareTo(Duration.ofDays(1)) <= 0,
            "timeout",
            "must be between 1 ms and 1 day",
            timeout)
        .check(!maxWait.isNegative(), "maxWait", "must not be negative", maxWait)
        .check(maxBytes > 0, "maxBytes", "must be 1 or more", maxBytes)
        .throwIfAny();
    this.endpoint = endpoint;
    this.revision = revision;
    this.token = token;
    this.timeout = timeout;
    this.maxWait = maxWait;
    this.maxBytes = maxBytes;
    this.stale = stale;
    this.time = time;
    this.pinned = pinned;
  }

  /** {@return this fetcher with another hub, such as a mirror; a new one has nothing pinned} */
  public HuggingFaceFetcher withEndpoint(URI newEndpoint) {
    return new HuggingFaceFetcher(
        requireNonNull(newEndpoint, "endpoint"),
        revision,
        token,
        timeout,
        maxWait,
        maxBytes,
        stale,
        time,
        new ConcurrentHashMap<>());
  }

  /** {@return this fetcher with another revision for locations without one: a branch, a tag or a commit} */
  public HuggingFaceFetcher withRevision(String newRevision) {
    return new HuggingFaceFetcher(
        endpoint,
        requireNonNull(newRevision, "revision"),
        token,
        timeout,
        maxWait,
        maxBytes,
        stale,
        time,
        pinned);
  }

  /** {@return this fetcher with a token, for private and gated models} */
  public HuggingFaceFetcher withToken(String newToken) {
    return new HuggingFaceFetcher(
        endpoint,
        revision,
        requireNonNull(newToken, "token"),
        timeout,
        maxWait,
        maxBytes,
        stale,
        time,
        pinned);
  }

  /**
   * {@return this fetcher with the token in the variable {@code HF_TOKEN} of this process}
   *
   * @throws io.fairlead.grammar.InvalidValueException if it is not set
   */
  public HuggingFaceFetcher withEnvironmentToken() {
    String set = System.getenv().getOrDefault(TOKEN, "").strip();
    Problems.in("HuggingFaceFetcher")
        .check(!set.isEmpty(), "token", "must be in the variable " + TOKEN + ", which is not set")
        .throwIfAny();
    return withToken(set);
  }

  /** {@return this fetcher with another timeout for a connection, a response, and each further read of it} */
  public HuggingFaceFetcher withTimeout(Duration newTimeout) {
    return new HuggingFaceFetcher(
        endpoint, revision, token, newTimeout, maxWait, maxBytes, stale, time, pinned);
  }

  /**
   * {@return this fetcher with another limit of the time that one fetch waits because the hub limits its rate, or fails
   * for the moment; by default a minute}
   */
  public HuggingFaceFetcher withMaxWait(Duration newMaxWait) {
    return new HuggingFaceFetcher(
        endpoint, revision, token, timeout, newMaxWait, maxBytes, stale, time, pinned);
  }

  /** {@return this fetcher with another maximum size of a model, all its files together} */
  public HuggingFaceFetcher withMaxBytes(long newMaxBytes) {
    return new HuggingFaceFetcher(
        endpoint, revision, token, timeout, maxWait, newMaxBytes, stale, time, pinned);
  }

  /** {@return this fetcher with or without the use of a cached model while the hub cannot be reached} */
  public HuggingFaceFetcher withStale(boolean newStale) {
    return new HuggingFaceFetcher(
        endpoint, revision, token, timeout, maxWait, maxBytes, newStale, time, pinned);
  }

  /** {@return the commits that branches and tags were resolved to, by {@code ORG/NAME@REVISION}} */
  public Map<String, String> pinned() {
    return Map.copyOf(pinned);
  }

  @Override
  public long maxBytes() {
    return maxBytes;
  }

  @Override
  public boolean allowsStale() {
    return stale;
  }

  @Override
  public Download fetch(URI location, String etag) throws IOException {
    Hub.Place place = Hub.Place.of(location, revision);
    String key = place.id() + "@" + place.revision();
    String known = place.isCommit() ? place.revision() : pinned.getOrDefault(key, "");
    if (!known.isEmpty() && etag.equals(known + FORM)) {
      return Download.unchanged();
    }
    Hub hub = new Hub(endpoint, new Web(timeout, maxWait, time, endpoint, secrets()));
    Hub.Revision found = hub.revision(known.isEmpty() ? place : place.at(known));
    if (known.isEmpty()) {
      String before = pinned.putIfAbsent(key, found.commit());
      if (before != null && !before.equals(found.commit())) {
        found = hub.revision(place.at(before));
      }
      LoggerFactory.getLogger(HuggingFaceFetcher.class)
          .info("{} is commit {}", key, found.commit());
    } else if (!found.commit().equals(known)) {
      throw new IOException("it answers for commit " + known + " with " + found.commit());
    }
    if (etag.equals(found.commit() + FORM)) {
      return Download.unchanged();
    }
    List<TarStream.Entry> files = hub.model(place, found);
    return Download.of(new TarStream(files))
        .withLength(TarStream.length(files))
        .withEtag(found.commit() + FORM);
  }

  private Map<String, String> secrets() {
    return token.isEmpty() ? Map.of() : Map.of("Authorization", "Bearer " + token);
  }

  /** Omits the token. */
  @Override
  public String toString() {
    return "HuggingFaceFetcher[endpoint=" + endpoint + ", revision=" + revision + ", timeout="
        + timeout + ", maxWait=" + maxWait + ", maxBytes=" + maxBytes + ", stale=" + stale + "]";
  }
}
